package throttle

import "net/netip"

// AddressKey returns the key under which the caller at an IP address is
// counted: the address, or of IPv6 the network of 64 bits, as one household has
// all of these. What is no address is one caller.
func AddressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown address"
	}
	if ip = ip.Unmap().WithZone(""); ip.Is6() {
		if network, err := ip.Prefix(64); err == nil {
			ip = network.Addr()
		}
	}
	return "address " + ip.String()
}
