package contract

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/livekit/protocol/rpc"

	"github.com/parleymeet/parley/pkg/testkit"
)

const trunksPath = "/api/v1.0/telephony/trunks/"

func testTrunks(t *testing.T, d *deployment) {
	operator := d.login(t, "operator@example.org")
	d.visitor(t).must(t, http.StatusUnauthorized, http.MethodGet, trunksPath, nil)
	d.login(t, "ada.lovelace@example.org").must(t, http.StatusForbidden, http.MethodGet, trunksPath, nil)

	trunk := operator.must(t, http.StatusCreated, http.MethodPost, trunksPath, map[string]any{
		"name": "Second", "pin_length": 6, "allowed_addresses": []string{"192.0.2.0/24"}, "auth_username": "carrier", "auth_password": "hunter2-hunter2",
		"numbers": []map[string]any{{"number": "+33199000456", "country": "FR", "label": "Lyon", "kind": "local"}}, "arming": "always",
	})
	id := trunk.json["id"].(string)
	if !strings.HasPrefix(id, "ST_") || trunk.json["state"] != "active" || trunk.json["pin_length"] != 6.0 || strings.Contains(trunk.raw, "hunter2") {
		t.Errorf("new trunk: %s", trunk.raw)
	}
	for name, c := range map[string]struct {
		body map[string]any
		want string
	}{
		"not E.164":        {map[string]any{"name": "x", "numbers": []map[string]any{{"number": "0123"}}}, `"numbers"`},
		"letters":          {map[string]any{"name": "x", "numbers": []map[string]any{{"number": "+33 call me"}}}, `"numbers"`},
		"duplicate number": {map[string]any{"name": "x", "numbers": []map[string]any{{"number": "+33 1 99 00 04 56"}}}, `"numbers"`},
		"short PINs":       {map[string]any{"name": "x", "pin_length": 3}, `"pin_length"`},
		"long PINs":        {map[string]any{"name": "x", "pin_length": 17}, `"pin_length"`},
		"garbage address":  {map[string]any{"name": "x", "allowed_addresses": []string{"10.0.0.0/99"}}, `"allowed_addresses"`},
		"no name":          {map[string]any{}, `"name"`},
		"wrong type":       {map[string]any{"name": "x", "numbers": "+33199000789"}, `"numbers"`},
	} {
		if got := operator.do(t, http.MethodPost, trunksPath, c.body); got.status != http.StatusBadRequest || !strings.Contains(got.raw, c.want) {
			t.Errorf("%s: %d %s", name, got.status, got.raw)
		}
	}
	operator.must(t, http.StatusNotFound, http.MethodGet, trunksPath+"ST_unknown/", nil)

	// The source address decides before anything rings; credentials go to LiveKit SIP alone.
	bus := d.sipBus(t)
	foreign := call("+33612345678", "+33199000456")
	got, err := bus.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{Call: foreign})
	if err != nil || !got.GetDrop() || got.GetPassword() != "" {
		t.Errorf("source not listed: %v, %v", got, err)
	}
	foreign.SourceIp = "192.0.2.7"
	got, err = bus.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{Call: foreign})
	if err != nil || got.GetDrop() || got.GetSipTrunkId() != id || got.GetUsername() != "carrier" || got.GetPassword() != "hunter2-hunter2" {
		t.Errorf("source listed: drop %v, trunk %q, %v", got.GetDrop(), got.GetSipTrunkId(), err)
	}
	got, err = bus.GetSIPTrunkAuthentication(t.Context(), &rpc.GetSIPTrunkAuthenticationRequest{Call: call("+33612345678", "+33199000999")})
	if err != nil || got.GetErrorCode() != rpc.SIPTrunkAuthenticationError_SIP_TRUNK_AUTH_ERROR_NO_TRUNK_FOUND {
		t.Errorf("unknown number: %v, %v", got, err)
	}

	operator.must(t, http.StatusOK, http.MethodPatch, trunksPath+id+"/", map[string]any{"name": "Second, renamed"})
	operator.must(t, http.StatusCreated, http.MethodPost, trunksPath+id+"/numbers/", map[string]any{"number": "+33199000457", "kind": "local"})
	operator.must(t, http.StatusNoContent, http.MethodDelete, trunksPath+id+"/numbers/+33199000457/", nil)
	testDrain(t, d, operator, id)
}

// testDrain moves the rooms of the given trunk to the other one, then deletes it.
func testDrain(t *testing.T, d *deployment, operator *browser, id string) {
	ada := d.login(t, "ada.lovelace@example.org")
	// The short trunk fills fastest, so rooms go to the long one; a few are enough to have some on both.
	var moved []map[string]any
	for i := range 60 {
		room := ada.createRoom(t, fmt.Sprintf("drained-%d", i))
		if room["dial_in"].(map[string]any)["trunk_id"] == id {
			moved = append(moved, room)
		}
	}
	operator.must(t, http.StatusOK, http.MethodPost, trunksPath+id+"/drain/", nil)
	for _, room := range moved {
		testkit.Eventually(t, 20*time.Second, func() error {
			now := ada.must(t, http.StatusOK, http.MethodGet, roomsPath+room["slug"].(string)+"/", nil).json
			dialIn, ok := now["dial_in"].(map[string]any)
			if !ok || dialIn["trunk_id"] == id {
				return fmt.Errorf("%s is still there: %v", room["slug"], dialIn)
			}
			return nil
		})
	}
}

func testOperatorCommands(t *testing.T, d *deployment) {
	ada := d.login(t, "ada.lovelace@example.org")
	out := d.mustParley(t, "room", "create", "by-operator", "--owner", "ada.lovelace@example.org")
	if !strings.Contains(out, "by-operator") {
		t.Errorf("room create: %s", out)
	}
	room := ada.must(t, http.StatusOK, http.MethodGet, roomsPath+"by-operator/", nil).json
	pin, id := room["pin_code"].(string), room["id"].(string)
	number := room["dial_in"].(map[string]any)["numbers"].([]any)[0].(map[string]any)["number"].(string)
	if out := d.mustParley(t, "pin", "show", "by-operator"); !strings.Contains(out, pin[:3]+" "+pin[3:6]) {
		t.Errorf("pin show: %s", out)
	}
	if out := d.mustParley(t, "call", "simulate", "--from", "+33611223344", "--to", number, "--pin", pin); !strings.Contains(out, "ACCEPT") || !strings.Contains(out, id) {
		t.Errorf("simulate: %s", out)
	}
	testkit.Eventually(t, 5*time.Second, func() error {
		if out := d.mustParley(t, "call", "list", "--room", id, "--live"); !strings.Contains(out, "none") {
			return fmt.Errorf("the simulated call still lives: %s", out)
		}
		return nil
	})
	if out := d.mustParley(t, "call", "simulate", "--from", "+33611223344", "--to", number, "--pin", "0000000000"); !strings.Contains(out, "REJECT") {
		t.Errorf("simulate, wrong PIN: %s", out)
	}
	if out := d.mustParley(t, "pin", "resolve", "12ab", "--to", number); !strings.Contains(out, "pin-malformed") {
		t.Errorf("resolve, letters: %s", out)
	}
	if out := d.mustParley(t, "trunk", "list"); !strings.Contains(out, number) {
		t.Errorf("trunk list: %s", out)
	}
	if out := d.mustParley(t, "room", "list", "--limit", "1000"); !strings.Contains(out, "by-operator") {
		t.Errorf("room list: %s", out)
	}
	if out, err := d.parley(t, "trunk", "show", "ST_unknown"); err == nil || !strings.Contains(out, "No Trunk matches") {
		t.Errorf("unknown trunk: %v %s", err, out)
	}
	d.mustParley(t, "room", "delete", "by-operator")
	testkit.Eventually(t, 5*time.Second, func() error {
		if out := d.mustParley(t, "call", "simulate", "--from", "+33611223344", "--to", number, "--pin", pin); !strings.Contains(out, "REJECT") {
			return fmt.Errorf("simulate, deleted room: %s", out)
		}
		return nil
	})

	// The resolver for other bridges tells operators the reason, over REST.
	operator := d.login(t, "operator@example.org")
	got := operator.must(t, http.StatusOK, http.MethodPost, "/api/v1.0/telephony/resolve/", map[string]any{"number": number, "pin": "0000000000", "source_ip": "127.0.0.1"})
	if got.json["result"] != "reject" || got.json["reason"] != "pin_unknown" {
		t.Errorf("resolve: %s", got.raw)
	}
	ada.must(t, http.StatusForbidden, http.MethodPost, "/api/v1.0/telephony/resolve/", map[string]any{"number": number, "pin": "0000000000"})
}
