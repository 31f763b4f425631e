package web

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// origins knows by which URL and from where a client came, also through proxies.
type origins struct {
	// proxies are the networks whose X-Forwarded-Proto, -Host and -For are believed.
	proxies []netip.Prefix
}

// of returns the scheme and the host (with port) of the client's URL.
func (o origins) of(r *http.Request) (scheme, host string) {
	scheme, host = "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if !o.trusted(r.RemoteAddr) {
		return scheme, host
	}
	switch proto := strings.ToLower(firstItem(r.Header.Get("X-Forwarded-Proto"))); proto {
	case "http", "https":
		scheme = proto
	}
	if forwarded := firstItem(r.Header.Get("X-Forwarded-Host")); forwarded != "" && !strings.ContainsAny(forwarded, "/\\@?# \t") {
		host = forwarded
	}
	return scheme, host
}

// base returns the client's origin, "https://meet.example.org".
func (o origins) base(r *http.Request) string {
	scheme, host := o.of(r)
	return scheme + "://" + host
}

// url returns the client's whole URL, with the path that the client wrote.
func (o origins) url(r *http.Request) string {
	path, query, found := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(path, "/") { // absolute-form, as sent to proxies
		path = r.URL.EscapedPath()
	}
	if found {
		path += "?" + query
	}
	return asciiOnly(o.base(r) + path)
}

// asciiOnly percent-encodes what must not stand in a URL or in metadata.
func asciiOnly(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return text
	}
	var b strings.Builder
	for _, c := range []byte(text) {
		if c <= ' ' || c >= 0x7f {
			fmt.Fprintf(&b, "%%%02X", c)
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// client returns the client's address: of those that the proxies in between
// noted, the last one that is no proxy of ours. What stands before it the client
// may have written itself.
func (o origins) client(r *http.Request) string {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := remote.Addr()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && o.isProxy(ip); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		ip = hop
	}
	return ip.Unmap().WithZone("").String()
}

func (o origins) trusted(remote string) bool {
	addr, err := netip.ParseAddrPort(remote)
	return err == nil && o.isProxy(addr.Addr())
}

func (o origins) isProxy(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	for _, proxy := range o.proxies {
		if proxy.Contains(ip) {
			return true
		}
	}
	return false
}

func firstItem(list string) string {
	item, _, _ := strings.Cut(list, ",")
	return strings.TrimSpace(item)
}
