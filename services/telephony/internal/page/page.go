// Package page is the paging of telephony's lists: a window over an ordered
// list, with the total beside it.
package page

import (
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"github.com/parleymeet/parley/pkg/apierr"
)

// DefaultSize is the size of a page when none is asked for.
const DefaultSize = 20

const tokenPrefix = "offset:"

// Window says which part of a list is wanted.
type Window struct {
	Limit, Offset int
}

// Parse reads the paging fields of a request. skip counts from where the token
// points. Errors: INVALID_PAGE for a token that this package did not make.
func Parse(size int32, token string, skip int32) (Window, error) {
	w := Window{Limit: int(size), Offset: int(skip)}
	if w.Limit == 0 {
		w.Limit = DefaultSize
	}
	if token == "" {
		return w, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return Window{}, apierr.New(apierr.InvalidPage, "")
	}
	digits, found := strings.CutPrefix(string(raw), tokenPrefix)
	offset, err := strconv.ParseInt(digits, 10, 32)
	if !found || err != nil || offset < 0 || offset+int64(skip) > math.MaxInt32 {
		return Window{}, apierr.New(apierr.InvalidPage, "")
	}
	w.Offset += int(offset)
	return w, nil
}

// Next returns the token of the page behind w in a list of total entries, ""
// when w reaches the end.
func (w Window) Next(total int) string {
	next := w.Offset + w.Limit
	if next >= total {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + strconv.Itoa(next)))
}
