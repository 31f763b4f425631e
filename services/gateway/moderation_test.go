package gateway

import (
	"context"
	"net/http"
	"strings"
	"testing"

	roomv1 "github.com/parleymeet/parley/gen/parley/room/v1"
	"github.com/parleymeet/parley/pkg/apierr"
)

// may is the rights of the fake: ada moderates, the tokens "gil" and "guy" are in the meeting.
func (r *rooms) may(ctx context.Context, idOrSlug, token string) error {
	switch {
	case token != "" && token != "gil" && token != "guy":
		return apierr.New(apierr.TokenInvalid, "Invalid LiveKit token: %s", token)
	case idOrSlug == "unknown":
		return apierr.New(apierr.RoomNotFound, "")
	case token == "" && caller(ctx, "room") != ada:
		return unprivileged()
	}
	return r.fail
}

func (r *rooms) Authorize(ctx context.Context, req *roomv1.AuthorizeRequest) (*roomv1.AuthorizeResponse, error) {
	return &roomv1.AuthorizeResponse{}, r.may(ctx, req.GetIdOrSlug(), req.GetMeetingToken())
}

func (r *rooms) MuteParticipant(ctx context.Context, req *roomv1.MuteParticipantRequest) (*roomv1.MuteParticipantResponse, error) {
	if req.GetMeetingToken() != "" && caller(ctx, "room") != "" {
		return nil, apierr.New(apierr.Internal, "the session came along with the token")
	}
	return &roomv1.MuteParticipantResponse{}, r.may(ctx, req.GetIdOrSlug(), req.GetMeetingToken())
}

// UpdateParticipant wants exactly what the test below sends.
func (r *rooms) UpdateParticipant(ctx context.Context, req *roomv1.UpdateParticipantRequest) (*roomv1.UpdateParticipantResponse, error) {
	p := req.GetPermission()
	if req.GetMetadata() != `{"a":1}` || req.GetAttributes()["handRaisedAt"] != "" || len(req.GetAttributes()) != 1 || !p.GetCanSubscribe() ||
		p.GetCanPublish() || len(p.GetCanPublishSources()) != 1 || req.GetName() != "" {
		return nil, apierr.New(apierr.PermissionDenied, "%s", strings.ReplaceAll(req.String(), "  ", " "))
	}
	return &roomv1.UpdateParticipantResponse{}, r.may(ctx, req.GetIdOrSlug(), "")
}

func (r *rooms) ChangeRole(ctx context.Context, req *roomv1.ChangeRoleRequest) (*roomv1.ChangeRoleResponse, error) {
	return &roomv1.ChangeRoleResponse{LivekitSynced: req.GetRole() == roomv1.Role_ROLE_MEMBER}, r.may(ctx, req.GetIdOrSlug(), "")
}

func (r *rooms) SetHand(ctx context.Context, req *roomv1.SetHandRequest) (*roomv1.SetHandResponse, error) {
	return &roomv1.SetHandResponse{}, r.may(ctx, req.GetIdOrSlug(), req.GetMeetingToken())
}

func TestModeration(t *testing.T) {
	g := start(t)
	const (
		good    = `{"status":"success"}`
		mute    = `{"participant_identity":"bob","track_sid":"TR_1"}`
		invalid = `{"detail":"Authorization header must be: Bearer <token>"}`
		nobody  = `{"detail":"Authentication credentials were not provided."}`
		denied  = `{"detail":"You must have privileges on room to perform this action."}`
		update  = "update-participant"
	)
	failed := &apierr.Error{Reason: apierr.LiveKitFailed, Text: "Failed to mute participant"}
	for name, c := range map[string]struct {
		fail                         error
		action, cookie, bearer, body string
		status                       int
		want                         string
	}{
		"mute by session":      {nil, "x/mute-participant", adaCook, "", mute, 200, good},
		"mute by token alone":  {nil, "x/mute-participant", adaCook, "bearer gil", mute, 200, good},
		"bad token, no rescue": {nil, "x/mute-participant", adaCook, "Bearer bad", mute, 403, `{"detail":"Invalid LiveKit token: bad"}`},
		"strange token":        {nil, "x/mute-participant", "", "Bearer \xff", mute, 403, `{"detail":"Invalid LiveKit token: %FF"}`},
		"other scheme":         {nil, "unknown/mute-participant", adaCook, "Basic gil", mute, 403, invalid},
		"one word":             {nil, "x/toggle-hand", "", "Bearer", "", 403, invalid},
		"right before form":    {nil, "x/mute-participant", bobCook, "", "", 403, denied},
		"room before form":     {nil, "unknown/mute-participant", adaCook, "", "", 404, `{"detail":"No Room matches the given query."}`},
		"form":                 {nil, "x/mute-participant", adaCook, "", `{"track_sid":""}`, 400, `{"participant_identity":["This field is required."],"track_sid":["This field may not be blank."]}`},
		"LiveKit away":         {failed, "x/mute-participant", adaCook, "", mute, 500, `{"error":"Failed to mute participant"}`},
		"nobody there":         {apierr.New(apierr.ParticipantNotFound, ""), "x/mute-participant", adaCook, "", mute, 404, `{"error":"Participant not found"}`},
		"refused":              {apierr.New(apierr.ModerationRefused, "You cannot change your own role."), "x/update-participant-role", adaCook, "", `{"participant_identity":"a","role":"member"}`, 403, `{"error":"You cannot change your own role."}`},
		"hand":                 {nil, "x/toggle-hand", adaCook, "Bearer gil", `{"raised":true}`, 200, good},
		"hand by session":      {nil, "x/toggle-hand", adaCook, "", `{"raised":true}`, 403, denied},
		"hand, form":           {nil, "x/toggle-hand", "", "Bearer gil", `{"raised":"up"}`, 400, `{"raised":["Must be a valid boolean."]}`},
		"name, form":           {nil, "x/rename", "", "Bearer gil", `{"name":" "}`, 400, `{"name":["This field may not be blank."]}`},
		"role":                 {nil, "x/update-participant-role", adaCook, "", `{"participant_identity":"a","role":"administrator"}`, 200, `{"role":"administrator","livekit_synced":false}`},
		"role, owner":          {nil, "x/update-participant-role", adaCook, "", `{"participant_identity":"a","role":"owner"}`, 400, `{"role":["\"owner\" is not a valid choice."]}`},
		"remove anonymous":     {nil, "unknown/remove-participant", "", "", "", 401, nobody},
		"remove, form":         {nil, "x/remove-participant", adaCook, "", "", 400, `{"participant_identity":["This field is required."]}`},
		"update":               {nil, "x/" + update, adaCook, "", `{"participant_identity":"a","metadata":{"a":1},"attributes":{"handRaisedAt":""},"permission":{"can_subscribe":true,"can_publish":null,"hidden":null,"can_publish_sources":["camera"]},"name":""}`, 200, good},
		"update nothing":       {nil, "x/" + update, adaCook, "", `{"participant_identity":"a","name":"","metadata":null}`, 400, `{"non_field_errors":["At least one of the following fields must be provided: metadata, attributes, permission, name."]}`},
		"update, unknown":      {nil, "x/" + update, adaCook, "", `{"participant_identity":"a","permission":{"x":true}}`, 400, `{"permission":[{"type":"extra_forbidden","loc":["x"],"msg":"Extra inputs are not permitted","input":"True","url":"https://errors.pydantic.dev/2.13/v/extra_forbidden"}]}`},
		"update, wrong types":  {nil, "x/" + update, adaCook, "", `{"participant_identity":"a","metadata":"x","attributes":{"a":1},"permission":[]}`, 400, `{"attributes":{"a":["Not a valid string."]},"metadata":["Expected a dictionary of items but got type \"str\"."],"permission":["Expected a dictionary of items but got type \"list\"."]}`},
		"update, dots":         {nil, "x/" + update, adaCook, "", `{"participant_identity":"a","attributes":{"a.b":1,"[0][1]":2}}`, 400, `{"attributes":{"[0][1]":["Not a valid string."],"a.b":["Not a valid string."]}}`},
		"update, hidden":       {nil, "x/" + update, adaCook, "", `{"participant_identity":"a","permission":{"hidden":false}}`, 400, "<!doctype html>"},
		"hidden by a stranger": {nil, "x/" + update, bobCook, "", `{"participant_identity":"a","permission":{"hidden":false}}`, 403, denied},
	} {
		t.Run(name, func(t *testing.T) {
			g.rooms.fail = c.fail
			var headers []string
			if c.bearer != "" {
				headers = []string{"Authorization", c.bearer}
			}
			resp, got := g.ask(t, http.MethodPost, "/api/v1.0/rooms/"+c.action+"/", c.cookie, c.body, headers...)
			if strings.HasPrefix(c.want, "<") {
				got = got[:min(len(got), len(c.want))]
			}
			if resp.StatusCode != c.status || got != c.want {
				t.Errorf("%d %s\nwant %d %s", resp.StatusCode, got, c.status, c.want)
			}
		})
	}
}
