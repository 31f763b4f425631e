package livekit_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"

	lksdk "github.com/livekit/server-sdk-go/v2"

	"github.com/parleymeet/parley/pkg/testkit"
	"github.com/parleymeet/parley/services/internal/livekit"
)

func TestRules(t *testing.T) {
	t.Parallel()
	redis, err := url.Parse(testkit.Redis(t))
	if err != nil {
		t.Fatal(err)
	}
	server := testkit.LiveKit(t, testkit.LiveKitOptions{RedisAddr: redis.Host})
	rules := livekit.NewRules(server.APIURL, server.APIKey, server.APISecret)
	rule := livekit.Rule{
		Name: "ours 1", Trunk: "ST_a", PIN: "0001", Room: "room", Attributes: map[string]string{"is_authenticated": "false"},
	}
	if rule.ID, err = rules.Create(t.Context(), rule); err != nil || rule.ID == "" {
		t.Fatalf("create: %q, %v", rule.ID, err)
	}
	if _, err := rules.Create(t.Context(), rule); !errors.Is(err, livekit.ErrRuleExists) {
		t.Errorf("create again: %v", err)
	}
	if _, err := rules.Create(t.Context(), livekit.Rule{Name: "theirs", Trunk: "ST_a", PIN: "0002", Room: "room"}); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]int{"": 2, "ours ": 1, "nobody's": 0} {
		found, err := rules.List(t.Context(), prefix)
		if err != nil || len(found) != want {
			t.Errorf("list %q: %v, %v", prefix, found, err)
		}
		if want == 1 && fmt.Sprint(found[0]) != fmt.Sprint(rule) {
			t.Errorf("listed %+v, want %+v", found[0], rule)
		}
	}
	sdk := lksdk.NewSIPClient(server.APIURL, server.APIKey, server.APISecret)
	found, err := sdk.GetSIPDispatchRulesByIDs(t.Context(), []string{rule.ID})
	if err != nil || !found[0].GetHidePhoneNumber() {
		t.Errorf("numbers are shown: %v, %v", found, err)
	}
	for range 2 { // the second time it is gone already
		if err := rules.Delete(t.Context(), rule.ID); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	if found, err := rules.List(t.Context(), "ours "); err != nil || len(found) != 0 {
		t.Errorf("after deletion: %v, %v", found, err)
	}
	wrong := livekit.NewRules(server.APIURL, server.APIKey, "wrong")
	if _, err := wrong.Create(t.Context(), rule); err == nil || errors.Is(err, livekit.ErrRuleExists) {
		t.Errorf("a wrong secret: %v", err)
	}
}
