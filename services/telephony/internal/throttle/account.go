package throttle

import (
	"context"
	"time"
)

// Name says what an account's charges are about, in metrics and logs.
type Name string

// The accounts.
const (
	CallerOnTrunk Name = "caller_on_trunk"
	Caller        Name = "caller"
	Anonymous     Name = "anonymous"
)

// Account is what wrong PINs are charged to.
type Account struct {
	Name Name
	// TrunkID is empty for the account on all trunks.
	TrunkID string
	// Caller is a keyed hash; empty for those who withhold their number.
	Caller string
	Limit  Limit
}

// Attempt is a call with a PIN.
type Attempt struct {
	TrunkID, Digits string
	// CallID is never empty.
	CallID string
	// Accounts have a limit each, and differ in their trunks.
	Accounts []Account
	// Caller is the hash whose account on the trunk a right PIN lowers by
	// Forgive; empty for none.
	Caller  string
	Forgive int
	Now     time.Time
}

// Standing is what an account is charged with.
type Standing struct {
	TrunkID, Caller string
	// Wrong counts wrong PINs since the window began, Refused the calls that
	// were refused because of them.
	Wrong, Refused int
	// Last is when the last wrong PIN was.
	Last time.Time
}

// Store keeps accounts. Errors not named here are faults. Charging them is
// dispatch.Store's.
type Store interface {
	// Standings returns the accounts of a caller that have been charged, on the
	// trunk and on all trunks. An empty caller is those who withhold their number.
	Standings(ctx context.Context, trunkID, caller string) ([]Standing, error)
	// ClearAccounts forgets all accounts of a caller, or those on one trunk if it
	// is not empty, and returns how many there were.
	ClearAccounts(ctx context.Context, caller, trunkID string) (int, error)
	// DeleteAccounts deletes accounts whose window is over at now and that no
	// limit refuses any more, and wrong PINs before the time; at most limit of
	// each. It returns how many it deleted.
	DeleteAccounts(ctx context.Context, rules Rules, now, before time.Time, limit int) (int, error)
}
