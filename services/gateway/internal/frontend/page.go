package frontend

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/parleymeet/parley/pkg/apierr"
)

const (
	defaultPageSize = 20
	maxPageSize     = 100
	lastPage        = "last"
)

// pageSize reads the page_size of a query; what makes no sense counts as not given.
func pageSize(text string) int32 {
	size, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || size <= 0 {
		return defaultPageSize
	}
	return int32(min(size, maxPageSize)) // #nosec G115 -- at most 100
}

// page is one page of a list, with its neighbours' links.
type page[T any] struct {
	items          []T
	count          int32
	next, previous *structpb.Value
}

// fetch returns up to size items after the first skip ones, and how many there are in all.
type fetch[T any] func(size, skip int32) (items []T, count int32, err error)

// listPage answers ?page=. current is the absolute URL by which the client came.
// Errors: INVALID_PAGE, and those of get.
func listPage[T any](current, number string, size int32, get fetch[T]) (*page[T], error) {
	n, err := pageNumber(number, size)
	if err != nil {
		return nil, err
	}
	items, count, err := get(size, (n-1)*size)
	if err != nil {
		return nil, err
	}
	last := max(1, (count+size-1)/size)
	if number == lastPage && last > 1 {
		n = last
		if items, count, err = get(size, (n-1)*size); err != nil {
			return nil, err
		}
	}
	if n > last {
		return nil, apierr.New(apierr.InvalidPage, "")
	}
	p := &page[T]{items: items, count: count, next: structpb.NewNullValue(), previous: structpb.NewNullValue()}
	if n < last {
		p.next = structpb.NewStringValue(pageURL(current, n+1))
	}
	if n > 1 {
		p.previous = structpb.NewStringValue(pageURL(current, n-1))
	}
	return p, nil
}

// pageNumber reads ?page=, the first when it is absent or "last".
func pageNumber(text string, size int32) (int32, error) {
	if text == "" || text == lastPage {
		return 1, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil || n < 1 || n > math.MaxInt32/int64(size) {
		return 0, apierr.New(apierr.InvalidPage, "")
	}
	return int32(n), nil
}

// pageURL returns the URL of another page of the same list, its query sorted by
// key. The first page has no number.
func pageURL(current string, n int32) string {
	u, err := url.Parse(current)
	if err != nil { // the gateway made it, so it parses
		return current
	}
	query := u.Query()
	query.Del("page")
	if n > 1 {
		query.Set("page", strconv.Itoa(int(n)))
	}
	u.RawQuery = query.Encode()
	return u.String()
}
