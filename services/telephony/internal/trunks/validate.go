package trunks

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/e164"
)

// Bounds of a PIN's length: fewer digits are guessed by hand, more LiveKit SIP
// does not take.
const (
	MinPINLength = 4
	MaxPINLength = 16
)

const (
	maxName       = 200
	maxLabel      = 100
	maxCredential = 128
)

var (
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	// liveKitTrunk is how LiveKit makes ids of trunks.
	liveKitTrunk = regexp.MustCompile(`^ST_[A-Za-z0-9]{4,60}$`)
)

// faults collects what is wrong with a request.
type faults []apierr.Violation

func (f *faults) add(field, code, format string, args ...any) {
	*f = append(*f, apierr.Violation{Field: field, Code: code, Text: fmt.Sprintf(format, args...)})
}

func (f faults) err() error {
	if len(f) == 0 {
		return nil
	}
	return apierr.Invalid(f...)
}

func (f *faults) name(name string) string {
	name = strings.TrimSpace(name)
	f.text("name", name)
	switch {
	case name == "":
		f.add("name", "required", "This field is required.")
	case utf8.RuneCountInString(name) > maxName:
		f.add("name", "max_length", "Ensure this field has no more than %d characters.", maxName)
	}
	return name
}

// text refuses what no database keeps in a text.
func (f *faults) text(field, value string) {
	if strings.ContainsRune(value, 0) || !utf8.ValidString(value) {
		f.add(field, "invalid", "Null characters are not allowed.")
	}
}

func (f *faults) pinLength(length int) {
	if length < MinPINLength || length > MaxPINLength {
		f.add("pin_length", "range", "A PIN has %d to %d digits.", MinPINLength, MaxPINLength)
	}
}

func (f *faults) arming(arming Arming) {
	if !arming.Valid() {
		f.add("arming", "invalid", "PINs are armed always or live.")
	}
}

func (f *faults) guard(guard Guard) {
	if guard != GuardAuto && guard != GuardOn && guard != GuardOff {
		f.add("guard", "invalid", "A trunk is guarded auto, on or off.")
	}
}

func (f *faults) quota(field string, most int) {
	if most < 0 {
		f.add(field, "min_value", "Ensure this value is greater than or equal to 0.")
	}
}

func (f *faults) liveKitTrunk(id string) {
	if id != "" && !liveKitTrunk.MatchString(id) {
		f.add(FieldLiveKitTrunk, "invalid", "Enter the id of one of LiveKit's inbound trunks, such as ST_abcdEFGH1234.")
	}
}

// allowed reads addresses and CIDR prefixes. Host bits are cleared, so that
// what is stored says what it means.
func (f *faults) allowed(texts []string) []netip.Prefix {
	var prefixes []netip.Prefix
	for i, text := range texts {
		prefix, err := parsePrefix(strings.TrimSpace(text))
		if err != nil {
			f.add(fmt.Sprintf("allowed_addresses.%d", i), "invalid",
				"Enter an IP address or a network in CIDR form, such as 203.0.113.0/24.")
			continue
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes
}

func parsePrefix(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		if addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("address with a zone")
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if addr := prefix.Addr(); addr.Is4In6() && prefix.Bits() >= 96 {
		prefix = netip.PrefixFrom(addr.Unmap(), prefix.Bits()-96)
	}
	return prefix.Masked(), nil
}

// credentials checks the pair that results from a request.
func (f *faults) credentials(username string, hasPassword bool) {
	f.text("auth_username", username)
	switch {
	case username == "" && hasPassword:
		f.add("auth_username", "required", "A password needs a user name.")
	case username != "" && !hasPassword:
		f.add("auth_password", "required", "A user name needs a password.")
	case len(username) > maxCredential:
		f.add("auth_username", "max_length", "Ensure this field has no more than %d characters.", maxCredential)
	}
}

func (f *faults) password(password string) {
	if len(password) > maxCredential {
		f.add("auth_password", "max_length", "Ensure this field has no more than %d characters.", maxCredential)
	}
}

// number checks one number; prefix is the path of the message that holds it,
// with its dot.
func (f *faults) number(prefix string, n Number) Number {
	number, country, ok := e164.Valid(n.E164)
	if !ok {
		f.add(prefix+"number", "invalid", "Enter a phone number in E.164 form, such as +33123456789.")
	}
	if n.Country = strings.ToUpper(strings.TrimSpace(n.Country)); n.Country == "" {
		n.Country = country
	}
	if n.Country != "" && !countryCode.MatchString(n.Country) {
		f.add(prefix+"country", "invalid", "Enter a country as its two letters, such as FR.")
	}
	if n.Label = strings.TrimSpace(n.Label); utf8.RuneCountInString(n.Label) > maxLabel {
		f.add(prefix+"label", "max_length", "Ensure this field has no more than %d characters.", maxLabel)
	}
	f.text(prefix+"label", n.Label)
	if n.Kind == "" {
		n.Kind = kindOf(number)
	}
	n.E164 = number
	return n
}

// kindOf says what the numbering plan knows of a number's cost.
func kindOf(number string) Kind {
	switch {
	case e164.TollFree(number):
		return TollFree
	case e164.Mobile(number):
		return Mobile
	default:
		return Local
	}
}

// numbers checks all numbers of a new trunk, also against each other.
func (f *faults) numbers(numbers []Number) []Number {
	seen := map[string]bool{}
	checked := make([]Number, 0, len(numbers))
	for i, n := range numbers {
		n = f.number(fmt.Sprintf("numbers.%d.", i), n)
		if n.E164 != "" && seen[n.E164] {
			f.add(fmt.Sprintf("numbers.%d.number", i), "unique", "This number is given twice.")
		}
		seen[n.E164] = true
		checked = append(checked, n)
	}
	return checked
}

// liveKitTrunkTaken is the violation for ErrLiveKitTrunkTaken.
func liveKitTrunkTaken() error {
	return apierr.InvalidField(FieldLiveKitTrunk, "unique", "This LiveKit trunk belongs to a trunk already.")
}

// taken is the violation for a number that some trunk has.
func taken(field string) error {
	return apierr.InvalidField(field, "unique", "This number belongs to a trunk already.")
}
