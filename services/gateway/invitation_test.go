package gateway

import (
	"context"
	"strings"
	"testing"
	"time"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// Invite wants the language for which each address is named.
func (r *rooms) Invite(ctx context.Context, req *roomv1.InviteRequest) (*roomv1.InviteResponse, error) {
	if err := r.may(ctx, req.GetIdOrSlug(), ""); err != nil {
		return nil, err
	}
	for _, address := range req.GetEmails() {
		switch name, _, _ := strings.Cut(address, "@"); name {
		case "off":
			return nil, apierr.New(apierr.MailOff, "")
		case "hasty":
			return nil, &apierr.Error{Reason: apierr.Throttled, RetryAfter: time.Second}
		case req.GetLanguage():
		default:
			return nil, apierr.InvalidField("emails.0", "invalid", "Enter a valid email address.")
		}
	}
	return &roomv1.InviteResponse{}, nil
}

func TestInvite(t *testing.T) {
	g := start(t)
	const good = `{"status":"success","message":"invitations sent"}`
	for name, c := range map[string]struct {
		path, cookie, body, language string
		status                       int
		want                         string
	}{
		"English":      {"x", adaCook, `{"emails":["en@example.org","en@example.org"]}`, "", 200, good},
		"French":       {"x", adaCook, `{"emails":["fr@example.org"]}`, "es;q=0.9, fr-CA;q=0.8, de;q=0.7", 200, good},
		"Dutch":        {"x", adaCook, `{"emails":["nl@example.org"]}`, "nl-BE", 200, good},
		"German":       {"x", adaCook, `{"emails":["de@example.org"]}`, "de-AT,en;q=0.5", 200, good},
		"nonsense":     {"x", adaCook, `{"emails":["en@example.org"]}`, ";;q=x", 200, good},
		"off":          {"x", adaCook, `{"emails":["off@example.org"]}`, "", 501, `{"detail":"This server sends no e-mail. Share the link of the room instead."}`},
		"throttled":    {"x", adaCook, `{"emails":["hasty@example.org"]}`, "", 429, `{"detail":"Request was throttled. Expected available in 1 second."}`},
		"anonymous":    {"x", "", `{}`, "", 401, `{"detail":"Authentication credentials were not provided."}`},
		"unknown room": {"unknown", adaCook, `{}`, "", 404, `{"detail":"No Room matches the given query."}`},
		"member":       {"x", bobCook, `{}`, "", 403, `{"detail":"You must have privileges on room to perform this action."}`},
		"no field":     {"x", adaCook, `{}`, "", 400, `{"emails":["This field is required."]}`},
		"text":         {"x", adaCook, `{"emails":"en@example.org"}`, "", 400, `{"emails":["Expected a list of items but got type \"str\"."]}`},
		"items":        {"x", adaCook, `{"emails":["en@example.org",null,{}]}`, "", 400, `{"emails":{"1":["This field may not be null."],"2":["Not a valid string."]}}`},
		"bad address":  {"x", adaCook, `{"emails":["x"]}`, "", 400, `{"emails":{"0":["Enter a valid email address."]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			resp, body := g.ask(t, "POST", "/api/v1.0/rooms/"+c.path+"/invite/", c.cookie, c.body, "Accept-Language", c.language)
			if resp.StatusCode != c.status || body != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, body, c.status, c.want)
			}
		})
	}
}
