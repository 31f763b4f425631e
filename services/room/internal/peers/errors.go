package peers

import (
	"fmt"
	"slices"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	// viewTimeout is for what an answer can do without.
	viewTimeout = time.Second
	// neededTimeout is for what it cannot.
	neededTimeout = 3 * time.Second
)

// fault turns the error of a peer into one for our caller. The reasons of known
// are passed on with the text of our own table, and how long to wait.
func fault(peer string, err error, known ...apierr.Reason) error {
	if err == nil {
		return nil
	}
	cause := fmt.Errorf("%s: %w", peer, err)
	switch reason := apierr.ReasonOf(err); {
	case reason == apierr.DeadlineExceeded:
		// The limit is ours, not the caller's.
		return apierr.Wrap(apierr.Unavailable, cause)
	case reason == apierr.Unavailable, reason == apierr.Cancelled, slices.Contains(known, reason):
		passed := apierr.Wrap(reason, cause)
		passed.RetryAfter = apierr.From(err).RetryAfter
		return passed
	default:
		return apierr.Wrap(apierr.Internal, cause)
	}
}
