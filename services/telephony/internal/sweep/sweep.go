// Package sweep does in many short statements what one long one would do, so that
// nobody else waits for the rows.
package sweep

import "context"

// All calls do, which handles limit rows at most and says how many it did, until
// it has less than that to do or ctx ends, and returns the sum.
func All(ctx context.Context, limit int, do func(limit int) (int, error)) (int, error) {
	for total := 0; ; {
		n, err := do(limit)
		if total += n; err != nil || n < limit {
			return total, err
		}
		if err := ctx.Err(); err != nil {
			return total, err
		}
	}
}
