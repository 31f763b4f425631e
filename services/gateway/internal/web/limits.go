package web

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/pkg/clock"
	"github.com/parleymeet/parley/pkg/throttle"
	"github.com/parleymeet/parley/services/gateway/internal/visit"
)

// class is a group of routes on which one client's requests are counted together.
type class int

const (
	// visiting is the class of routes that name no other.
	visiting class = iota
	// free costs next to nothing, and every page begins with it.
	free
	// elsewhere is limited by the service that answers, which knows more of the client.
	elsewhere
	// meeting is what a meeting token is for.
	meeting
	// loggingIn are the pages of log-in and log-out.
	loggingIn
	// callingBack asks whether a room was created.
	callingBack
	// tryingOut is the test of a connection to LiveKit.
	tryingOut
	// reporting are LiveKit's webhooks: anybody may send some, and each is checked.
	reporting
)

// Limits are the settings of the classes: how often one client may come. Each
// process counts by itself.
type Limits struct {
	Visitors throttle.Rate `env:"VISITOR_THROTTLE_RATES" envDefault:"1200/minute"`
	Login    throttle.Rate `env:"LOGIN_THROTTLE_RATES" envDefault:"1200/minute"`
	Callback throttle.Rate `env:"CREATION_CALLBACK_THROTTLE_RATES" envDefault:"600/minute"`
	Tests    throttle.Rate `env:"CONNECTION_TEST_THROTTLE_RATES" envDefault:"30/minute"`
	Webhooks throttle.Rate `env:"WEBHOOK_THROTTLE_RATES" envDefault:"500/second"`
}

// limit is a row of the table of classes.
type limit struct {
	rate throttle.Rate
	// users says that the logged-in are counted too, each by its id; else they
	// may come as often as they like.
	users bool
}

// rows is the table: class -> limit. A class without a row has none.
func (l Limits) rows() map[class]limit {
	return map[class]limit{
		visiting:    {rate: l.Visitors},
		meeting:     {rate: l.Visitors},
		loggingIn:   {rate: l.Login},
		callingBack: {rate: l.Callback},
		tryingOut:   {rate: l.Tests, users: true},
		reporting:   {rate: l.Webhooks},
	}
}

// limits counts clients.
type limits struct {
	table    map[class]limit
	limiters map[class]*throttle.Limiter
}

func newLimits(settings Limits, c clock.Clock) *limits {
	l := &limits{table: settings.rows(), limiters: map[class]*throttle.Limiter{}}
	for name, row := range l.table {
		l.limiters[name] = throttle.New(row.rate, c)
	}
	return l
}

// admit counts a request. A client is a user, a meeting token or an address, in
// this order: behind one address may be a whole house. Errors: THROTTLED.
func (l *limits) admit(name class, v visit.Visit) error {
	row, limited := l.table[name]
	if !limited || v.UserID != "" && !row.users || v.ByApplication() {
		return nil
	}
	limiter, address := l.limiters[name], throttle.AddressKey(v.Address)
	switch {
	case v.UserID != "":
		return throttled(limiter.Take("user " + v.UserID))
	case v.Bearer != "":
		if err := throttled(limiter.Wait(address)); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(v.Bearer))
		return throttled(limiter.Take("token " + string(sum[:])))
	}
	return throttled(limiter.Take(address))
}

// blame counts a request for its address after all: its token proved nothing,
// and anybody makes up as many of those as he likes.
func (l *limits) blame(name class, v visit.Visit) {
	if limiter := l.limiters[name]; limiter != nil {
		limiter.Take(throttle.AddressKey(v.Address))
	}
}

func throttled(wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	err := apierr.New(apierr.Throttled, "")
	err.RetryAfter = wait
	return err
}

// page is a path beside the REST facade. It knows nobody: all clients count by address.
type page struct {
	// path names the page in the log and in metrics, wherever it is served.
	path    string
	class   class
	methods []string
	answer  http.HandlerFunc
}

// serve returns the handler of a page. A request by another method counts like
// any other, and has no name: clients may make up as many methods as they like,
// and each name is kept in the metrics for good.
func (l *limits) serve(p page, by origins, f failures) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		taken := slices.Contains(p.methods, r.Method)
		if taken {
			notesOf(r.Context()).route = r.Method + " " + p.path
		}
		err := l.admit(p.class, visit.Visit{Address: by.client(r)})
		if err == nil && !taken {
			err = methodNotAllowed(r.Method, p.methods)
		}
		if err != nil {
			f.write(w, r, err)
			return
		}
		p.answer(w, r)
	})
}
