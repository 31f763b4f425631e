// Package storetest proves that a database keeps what the comments of
// telephony's storage interfaces promise. Each backend runs it on itself.
//
//	storetest.go  the suite and its helpers
//	trunks.go     trunks.Store
//	pins.go       pins.Store, dispatch.Store
//	imports.go    imports.Store
//	rooms.go      live rooms
//	rules.go      rules.Store
//	calls.go      calls.Store
//	participants.go calls.Store: participants of calls
//	lines.go      calls.Store: quotas, throttle.CrowdStore
//	throttles.go  dispatch.Store: tries, throttle.Store
//	guard.go      throttle.BrakeStore
//	rush.go       many at once
package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/telephony/internal/calls"
	"github.com/parleymeet/parley/services/telephony/internal/dispatch"
	"github.com/parleymeet/parley/services/telephony/internal/imports"
	"github.com/parleymeet/parley/services/telephony/internal/pins"
	"github.com/parleymeet/parley/services/telephony/internal/rules"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// Store is all of telephony's storage.
type Store interface {
	trunks.Store
	pins.Store
	dispatch.Store
	calls.Store
	throttle.Store
	throttle.BrakeStore
	throttle.BudgetStore
	throttle.CrowdStore
	imports.Store
	rules.Store
	Migrate(ctx context.Context) error
	Ready(ctx context.Context) error
}

// Run proves every promise on stores made by open, which returns an empty,
// migrated store at each call.
func Run(t *testing.T, open func(t *testing.T) Store) {
	groups := map[string]func(*testing.T, Store){
		"TrunksAreKept":            trunksAreKept,
		"TrunkUpdates":             trunkUpdates,
		"ArmedPINs":                armedPINs,
		"TrunkDeletion":            trunkDeletion,
		"Numbers":                  numbers,
		"PINInsertion":             pinInsertion,
		"SpareDigits":              spareDigits,
		"PINReplacement":           pinReplacement,
		"CountriesAreKept":         countriesAreKept,
		"PINRevocation":            pinRevocation,
		"RotationsAreCounted":      rotationsAreCounted,
		"RushOfRotations":          rushOfRotations,
		"PINRelease":               pinRelease,
		"PINSweep":                 pinSweep,
		"DrainEnds":                drainEnds,
		"Fills":                    fills,
		"Lookups":                  lookups,
		"RoomsAreLive":             roomsAreLive,
		"TriesWaitForTheRoom":      triesWaitForTheRoom,
		"ImportedPINs":             importedPINs,
		"QuotasHold":               quotasHold,
		"CrowdsAreSeen":            crowdsAreSeen,
		"GuardIsOverridden":        guardIsOverridden,
		"CallsGoForward":           callsGoForward,
		"CallsAreListed":           callsAreListed,
		"CallsAreRecordedTogether": callsAreRecordedTogether,
		"CallsAreRefused":          callsAreRefused,
		"NumbersAreForgotten":      numbersAreForgotten,
		"CallsChange":              callsChange,
		"CallsEnd":                 callsEnd,
		"SilentCallsGoOn":          silentCallsGoOn,
		"BridgesDie":               bridgesDie,
		"PromptsFail":              promptsFail,
		"ParticipantsAreNoted":     participantsAreNoted,
		"ParticipantsOfOthers":     participantsOfOthers,
		"ParticipantsBreakSilence": participantsBreakSilence,
		"CallsAreRenewed":          callsAreRenewed,
		"TriesAreCharged":          triesAreCharged,
		"TriesOnceACall":           triesOnceACall,
		"TriesForgive":             triesForgive,
		"TriesElsewhere":           triesElsewhere,
		"AccountsEnd":              accountsEnd,
		"RushOfTries":              rushOfTries,
		"RushOfOneCall":            rushOfOneCall,
		"RatesAreKnown":            ratesAreKnown,
		"MinutesAreKnown":          minutesAreKnown,
		"GuardedTrunks":            guardedTrunks,
		"RushOfGuards":             rushOfGuards,
		"RushOnOnePIN":             rushOnOnePIN,
		"RushOfRooms":              rushOfRooms,
		"RushOnFewPINs":            rushOnFewPINs,
		"RushOnOneRoom":            rushOnOneRoom,
		"RushOfSweeps":             rushOfSweeps,
		"RushIsSpread":             rushIsSpread,
		"RushAgainstDeletion":      rushAgainstDeletion,
		"LiveKitTrunks":            liveKitTrunks,
		"RulesAreWanted":           rulesAreWanted,
		"RulesAreNoted":            rulesAreNoted,
		"RushOnOneRule":            rushOnOneRule,
	}
	for name, group := range groups {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			group(t, open(t))
		})
	}
}

// start is the instant at which the suite's clocks stand: whole microseconds,
// which is what stores keep.
var start = time.Date(2030, 1, 2, 3, 4, 5, 678_000, time.UTC)

func trunkNamed(id string, length int, numbers ...string) *trunks.Trunk {
	t := &trunks.Trunk{
		ID: id, Name: "Trunk " + id, State: trunks.Active, PINLength: length, Arming: trunks.ArmingAlways,
		Guard: trunks.GuardAuto, MaxCalls: 30, MaxPending: 6,
		Allowed: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
		Created: start, Updated: start,
	}
	for _, n := range numbers {
		t.Numbers = append(t.Numbers, trunks.Number{E164: n, Country: "FR", Label: "Paris", Kind: trunks.Local})
	}
	return t
}

func addTrunk(t *testing.T, s Store, id string, length int, numbers ...string) *trunks.Trunk {
	t.Helper()
	trunk := trunkNamed(id, length, numbers...)
	must(t, s.CreateTrunk(t.Context(), trunk))
	return trunk
}

func setState(t *testing.T, s Store, id string, state trunks.State) {
	t.Helper()
	_, err := s.UpdateTrunk(t.Context(), id, func(trunk *trunks.Trunk) error {
		trunk.State = state
		return nil
	})
	must(t, err)
}

func newRoom() string { return uuid.NewString() }

// give writes a PIN that must not be in anybody's way.
func give(t *testing.T, s Store, trunkID, digits, room string) {
	t.Helper()
	result, err := s.InsertPIN(t.Context(), pins.Draw{TrunkID: trunkID, Digits: digits, RoomID: room, Now: start})
	must(t, err)
	if result.Outcome != pins.Inserted {
		t.Fatalf("PIN not written: outcome %d", result.Outcome)
	}
}

func held(t *testing.T, s Store, trunkID string) int64 {
	t.Helper()
	list, err := s.Fills(t.Context())
	must(t, err)
	for _, f := range list {
		if f.TrunkID == trunkID {
			return f.Held
		}
	}
	t.Fatalf("no fill of trunk %s", trunkID)
	return 0
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantReason(t *testing.T, err error, reason apierr.Reason) {
	t.Helper()
	if !apierr.Has(err, reason) {
		t.Fatalf("error %v, want %v", err, reason)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		t.Fatalf("%s:\n got %s\nwant %s", what, g, w)
	}
}
