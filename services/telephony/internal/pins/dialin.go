package pins

import (
	"context"
	"strings"

	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// telPauses is what a one-tap string waits between number and PIN: three
// commas of about two seconds, longer than the prompt that asks for the PIN.
const telPauses = ",,,"

// DialIn is what a caller needs to enter a room.
type DialIn struct {
	RoomID, TrunkID, Digits string
	// Display is the PIN grouped for reading.
	Display string
	// SIPURI is empty where the server has no SIP host.
	SIPURI  string
	Numbers []DialInNumber
}

// DialInNumber is a number with its one-tap URI.
type DialInNumber struct {
	trunks.Number
	Tel string
}

// DialIns tells how to dial into rooms.
type DialIns struct {
	store     Store
	directory *trunks.Directory
	sipHost   string
}

// NewDialIns returns DialIns; sipHost may be empty.
func NewDialIns(store Store, directory *trunks.Directory, sipHost string) *DialIns {
	return &DialIns{store: store, directory: directory, sipHost: sipHost}
}

// OfRooms returns the dial-ins of those rooms that have a current PIN.
func (d *DialIns) OfRooms(ctx context.Context, roomIDs []string) ([]DialIn, error) {
	held, err := d.store.CurrentPINs(ctx, roomIDs)
	if err != nil {
		return nil, err
	}
	dialIns := make([]DialIn, 0, len(held))
	for _, pin := range held {
		dialIn, err := d.Of(ctx, pin)
		if err != nil {
			return nil, err
		}
		dialIns = append(dialIns, dialIn)
	}
	return dialIns, nil
}

// Of returns the dial-in of a PIN.
func (d *DialIns) Of(ctx context.Context, pin PIN) (DialIn, error) {
	dialIn := DialIn{RoomID: pin.RoomID, TrunkID: pin.TrunkID, Digits: pin.Digits, Display: Group(pin.Digits)}
	if d.sipHost != "" {
		dialIn.SIPURI = "sip:" + pin.Digits + "@" + d.sipHost
	}
	trunk, err := d.trunk(ctx, pin.TrunkID)
	if err != nil {
		return DialIn{}, err
	}
	if trunk == nil {
		return dialIn, nil // deleted a moment ago
	}
	for _, n := range trunk.Numbers {
		dialIn.Numbers = append(dialIn.Numbers, DialInNumber{
			Number: n, Tel: "tel:" + n.E164 + telPauses + pin.Digits + "#",
		})
	}
	return dialIn, nil
}

// trunk looks once more when the directory has it not: the trunk may be newer
// than the directory.
func (d *DialIns) trunk(ctx context.Context, id string) (*trunks.Trunk, error) {
	listing, err := d.directory.Listing(ctx)
	if err != nil {
		return nil, err
	}
	if trunk := listing.ByID(id); trunk != nil {
		return trunk, nil
	}
	d.directory.Forget()
	if listing, err = d.directory.Listing(ctx); err != nil {
		return nil, err
	}
	return listing.ByID(id), nil
}

// Group parts a PIN by spaces into groups of three, the last one of two to
// four: "012 345 6789".
func Group(digits string) string {
	var groups []string
	for len(digits) > 4 {
		groups = append(groups, digits[:3])
		digits = digits[3:]
	}
	return strings.Join(append(groups, digits), " ")
}
