package trunks

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/parleymeet/parley/services/telephony/internal/page"
)

// Store keeps trunks and numbers. Errors not named here are faults.
type Store interface {
	// CreateTrunk adds a trunk with its numbers, all or nothing.
	// Errors: *NumberTakenError, ErrLiveKitTrunkTaken.
	CreateTrunk(ctx context.Context, t *Trunk) error
	// Trunk returns a trunk with its numbers. Errors: TRUNK_NOT_FOUND.
	Trunk(ctx context.Context, id string) (*Trunk, error)
	// Trunks returns a window of all trunks, oldest first, and how many there are.
	Trunks(ctx context.Context, w page.Window) ([]*Trunk, int, error)
	// AllTrunks returns every trunk with its numbers, oldest first.
	AllTrunks(ctx context.Context) ([]*Trunk, error)
	// ArmedPINs counts the PINs of a trunk that are current or retiring and, on a
	// trunk with arming live, of live rooms. It reads as many entries of an index
	// as there are such PINs. A trunk that does not exist has none.
	ArmedPINs(ctx context.Context, trunkID string) (Lengths, error)
	// UpdateTrunk reads the trunk, lets change alter it and writes all but its
	// id, numbers and creation time, with no other writer between. change may be
	// called again when the write has to be repeated; an error of it is passed
	// on and nothing is written. Errors: TRUNK_NOT_FOUND, ErrLiveKitTrunkTaken.
	UpdateTrunk(ctx context.Context, id string, change func(*Trunk) error) (*Trunk, error)
	// DeleteTrunk deletes a trunk with its numbers and its quarantined PINs.
	// Errors: TRUNK_NOT_FOUND; TRUNK_NOT_EMPTY while a PIN is current or retiring.
	DeleteTrunk(ctx context.Context, id string) error
	// AddNumber adds a number behind those that the trunk has.
	// Errors: TRUNK_NOT_FOUND, *NumberTakenError.
	AddNumber(ctx context.Context, trunkID string, n Number) error
	// RemoveNumber removes a number from its trunk.
	// Errors: TRUNK_NOT_FOUND; NUMBER_NOT_FOUND when the trunk has it not.
	RemoveNumber(ctx context.Context, trunkID, e164 string) error
}

// ErrLiveKitTrunkTaken says that another trunk has the LiveKit trunk already.
var ErrLiveKitTrunkTaken = errors.New("the LiveKit trunk belongs to a trunk already")

// NumberTakenError says that some trunk has the number already.
type NumberTakenError struct {
	E164 string
}

// Error does not repeat the number: errors are logged.
func (e *NumberTakenError) Error() string { return "the number belongs to a trunk already" }

// EncodeAllowed returns networks as storage keeps them: joined by commas.
func EncodeAllowed(prefixes []netip.Prefix) string {
	texts := make([]string, len(prefixes))
	for i, p := range prefixes {
		texts[i] = p.String()
	}
	return strings.Join(texts, ",")
}

// DecodeAllowed reads what EncodeAllowed made.
func DecodeAllowed(text string) ([]netip.Prefix, error) {
	if text == "" {
		return nil, nil
	}
	var prefixes []netip.Prefix
	for part := range strings.SplitSeq(text, ",") {
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return nil, fmt.Errorf("allowed addresses: %w", err)
		}
		prefixes = append(prefixes, prefix)
	}
	return prefixes, nil
}
