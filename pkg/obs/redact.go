package obs

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"strings"
)

// Redacted stands in a log line where a secret would have been.
const Redacted = "REDACTED"

// sensitiveKeys are the names whose values are never logged. A key is compared
// by its last word and by its last two words, in lower case and without
// separators: pin, room_pin, PIN-Code and roomPinCode are all caught, while
// pin_length and token_count are not. So a count of PINs is logged as
// pin_count, and the service that makes a call as peer, for caller is a person.
var sensitiveKeys = map[string]bool{
	"pin": true, "pins": true, "pincode": true, "pindisplay": true, "digits": true,
	"token": true, "tokens": true, "jwt": true, "bearer": true, "assertion": true,
	"password": true, "passwords": true, "passwd": true, "passphrase": true,
	"secret": true, "secrets": true, "credential": true, "credentials": true,
	"apikey": true, "accesskey": true, "privatekey": true, "secretkey": true,
	"authorization": true, "cookie": true, "cookies": true,
	"session": true, "sessionid": true, "sessionkey": true,
	"caller": true, "callerid": true, "callee": true,
	"number": true, "numbers": true, "phone": true, "phones": true, "tel": true,
}

func sensitiveKey(key string) bool {
	var (
		folded [32]byte // the end of key without separators, filled from the back
		at     = len(folded)
		words  int
	)
	for i := len(key) - 1; i >= 0 && at > 0 && words < 2; i-- {
		if !isSeparator(key[i]) {
			at--
			folded[at] = lower(key[i])
		}
		if at < len(folded) && startsWord(key, i) {
			if sensitiveKeys[string(folded[at:])] {
				return true
			}
			words++
		}
	}
	return false
}

// startsWord reports whether a word of key begins at i: after a separator, at
// the start, or at a capital as in authToken and SIPPassword.
func startsWord(key string, i int) bool {
	switch {
	case isSeparator(key[i]):
		return false
	case i == 0 || isSeparator(key[i-1]):
		return true
	case !isUpper(key[i]):
		return false
	}
	return !isUpper(key[i-1]) || i+1 < len(key) && isLower(key[i+1])
}

func isSeparator(c byte) bool { return c == '_' || c == '-' || c == '.' || c == ' ' || c == '/' }
func isUpper(c byte) bool     { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool     { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }

func lower(c byte) byte {
	if isUpper(c) {
		return c + 'a' - 'A'
	}
	return c
}

func redactAttr(a slog.Attr) slog.Attr {
	if sensitiveKey(a.Key) {
		return slog.String(a.Key, Redacted)
	}
	return slog.Attr{Key: a.Key, Value: redactValue(a.Value.Resolve())}
}

func redactValue(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(MaskText(v.String()))
	case slog.KindGroup:
		attrs := v.Group()
		clean := make([]slog.Attr, len(attrs))
		for i, a := range attrs {
			clean[i] = redactAttr(a)
		}
		return slog.GroupValue(clean...)
	case slog.KindAny:
		return redactAny(v.Any())
	default:
		return v
	}
}

// redactAny makes a value of any type safe to log. What has a text of its own
// is logged as that text, masked. Anything with fields goes through JSON, so
// that the names of its fields and keys are judged like those of attributes.
// A value that cannot be encoded is logged as its type alone.
func redactAny(v any) (out slog.Value) {
	defer func() {
		// As slog itself does: a faulty String method, or a nil receiver, must
		// not take the process down from inside a log line.
		if recover() != nil {
			out = slog.StringValue(fmt.Sprintf("!PANIC %T", v))
		}
	}()
	if v == nil {
		return slog.AnyValue(nil)
	}
	if text, ok := ownText(v); ok {
		return slog.StringValue(MaskText(text))
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return slog.StringValue(fmt.Sprintf("!UNLOGGABLE %T", v))
	}
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber() // a float64 would round large integers
	if err := decoder.Decode(&tree); err != nil {
		return slog.StringValue(fmt.Sprintf("!UNLOGGABLE %T", v))
	}
	return slog.AnyValue(redactTree(tree))
}

// ownText returns the text of values that are logged as text. A String method
// counts only on scalars (enumerations): on structs, such as protobuf
// messages, it prints every field.
func ownText(v any) (string, bool) {
	switch v := v.(type) {
	case error:
		return v.Error(), true
	case *url.URL:
		return v.Redacted(), true
	case net.Addr:
		return v.String(), true
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		return string(text), err == nil
	case []byte:
		return string(v), true
	case fmt.Stringer:
		switch reflect.TypeOf(v).Kind() {
		case reflect.Struct, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array:
			return "", false
		}
		return v.String(), true
	}
	return "", false
}

// redactTree returns a decoded JSON value without its secrets.
func redactTree(v any) any {
	switch v := v.(type) {
	case string:
		return MaskText(v)
	case []any:
		for i := range v {
			v[i] = redactTree(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, value := range v {
			if sensitiveKey(key) {
				value = Redacted
			}
			clean[MaskText(key)] = redactTree(value)
		}
		return clean
	}
	return v
}

// MaskText returns s without the secrets that can be told by their shape:
// phone numbers in E.164 form keep their first three characters and their last
// two digits ("+33*******89"), and passwords in URLs are replaced. It does not
// allocate when there is nothing to mask.
func MaskText(s string) string {
	if strings.Contains(s, "://") {
		s = maskURLPasswords(s)
	}
	if strings.Contains(s, "+") || strings.Contains(s, "%2") {
		s = maskNumbers(s)
	}
	return s
}

// minPhoneDigits is the fewest digits after a plus that are taken for a phone
// number. There is no upper bound: more than the 15 of E.164 is not a number
// that exists, but may well be one with something behind it.
const minPhoneDigits = 8

// maskNumbers masks phone numbers, also where the plus is percent-encoded as
// in the path of a request.
func maskNumbers(s string) string {
	var masked []byte
	for i := 0; i < len(s); {
		plus := plusLen(s[i:])
		if plus == 0 {
			i++
			continue
		}
		start := i + plus
		end := start
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if end-start >= minPhoneDigits {
			if masked == nil {
				masked = []byte(s)
			}
			for j := start + 2; j < end-2; j++ {
				masked[j] = '*'
			}
		}
		i = end
	}
	if masked == nil {
		return s
	}
	return string(masked)
}

// plusLen returns the length of the plus sign that s begins with, or 0.
func plusLen(s string) int {
	switch {
	case s[0] == '+':
		return len("+")
	case s[0] == '%' && len(s) >= 3 && s[1] == '2' && lower(s[2]) == 'b':
		return len("%2B")
	}
	return 0
}

// maskURLPasswords replaces the password in scheme://user:password@host. It
// looks no further than the authority, so an e-mail in a query stays as it is.
func maskURLPasswords(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		authority := rest
		if end := strings.IndexAny(rest, "/?# \t\n\"'`<>"); end >= 0 {
			authority = rest[:end]
		}
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			if user, _, ok := strings.Cut(authority[:at], ":"); ok {
				b.WriteString(user + ":" + Redacted)
				rest = rest[at:]
			}
		}
		s = rest
	}
}
