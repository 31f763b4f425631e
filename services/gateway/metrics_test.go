package gateway

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Nobody grows the metrics by what he makes up: a series of a histogram stays
// for as long as the process.
func TestMetricsAreBounded(t *testing.T) {
	const many = "1000000/second"
	g := start(t, "FRONTEND_DIR="+t.TempDir(), "LOGIN_THROTTLE_RATES="+many, "VISITOR_THROTTLE_RATES="+many, "WEBHOOK_THROTTLE_RATES="+many)
	const api = "/api/v1.0"
	paths := []string{
		api + "/authenticate/", api + "/callback", api + "/logout", api + "/logout-callback", api + "/backchannel-logout/", "/backchannel-logout/",
		api + "/rooms/webhooks-livekit/", api + "/rooms/x/", api + "/config/", api + "/recordings/", api + "/NEW/", api + "/rooms/r-NEW/",
		api + "/NEW/../rooms/", "/docs/", "/docs/NEW", "/NEW", "/assets/NEW.js", "/external-api/v1.0/rooms/", "/external-api/NEW/",
	}
	flood := func(from, to int) (series int) {
		for i := from; i < to; i++ {
			for _, path := range paths {
				for _, method := range []string{http.MethodGet, http.MethodPost, fmt.Sprint("MADE-UP-", i)} {
					g.ask(t, method, strings.ReplaceAll(path, "NEW", strconv.Itoa(i)), "", "")
				}
			}
		}
		families, err := g.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			series += len(family.GetMetric())
		}
		return series
	}
	before := flood(0, 1)
	if after := flood(1, 5); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}
