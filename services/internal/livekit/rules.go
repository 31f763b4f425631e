package livekit

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/livekit/protocol/livekit"
	lksdk "github.com/livekit/server-sdk-go/v2"
	"github.com/twitchtv/twirp"
)

// rulesPage is how many rules LiveKit is asked for at a time.
const rulesPage = 1000

// ErrRuleExists says that LiveKit has a rule for the same trunk and PIN.
var ErrRuleExists = errors.New("livekit: a dispatch rule for the trunk and PIN exists")

// Rule lets callers on one trunk who type a PIN into one room.
type Rule struct {
	// ID is LiveKit's own.
	ID string
	// Name is for operators.
	Name string
	// Trunk is LiveKit's id of the trunk.
	Trunk, PIN, Room string
	// Attributes are those of the callers in the room.
	Attributes map[string]string
}

// Rules are the SIP dispatch rules of a LiveKit server. It is safe for concurrent
// use.
type Rules struct {
	client *lksdk.SIPClient
}

// NewRules returns the rules of the server whose API is at url (http, https, ws
// or wss). It does not connect.
func NewRules(url, apiKey, apiSecret string) *Rules {
	return &Rules{client: lksdk.NewSIPClient(url, apiKey, apiSecret)}
}

// Create makes a rule that hides callers' numbers, and returns its ID. Errors:
// ErrRuleExists.
func (r *Rules) Create(ctx context.Context, rule Rule) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	made, err := r.client.CreateSIPDispatchRule(ctx, &livekit.CreateSIPDispatchRuleRequest{DispatchRule: &livekit.SIPDispatchRuleInfo{
		Name: rule.Name, TrunkIds: []string{rule.Trunk}, HidePhoneNumber: true, Attributes: rule.Attributes,
		Rule: &livekit.SIPDispatchRule{Rule: &livekit.SIPDispatchRule_DispatchRuleDirect{
			DispatchRuleDirect: &livekit.SIPDispatchRuleDirect{RoomName: rule.Room, Pin: rule.PIN},
		}},
	}})
	switch {
	case err == nil:
		return made.GetSipDispatchRuleId(), nil
	// LiveKit has one code for all that it finds wrong with a rule; there is
	// nothing else in these that could be.
	case is(err, twirp.InvalidArgument) || is(err, twirp.AlreadyExists):
		return "", fmt.Errorf("%w: %w", ErrRuleExists, err)
	default:
		return "", fmt.Errorf("livekit: create dispatch rule: %w", err)
	}
}

// Delete deletes a rule. One that LiveKit does not have is no error.
func (r *Rules) Delete(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := r.client.DeleteSIPDispatchRule(ctx, &livekit.DeleteSIPDispatchRuleRequest{SipDispatchRuleId: id})
	if err != nil && !isNotFound(err) {
		return fmt.Errorf("livekit: delete dispatch rule: %w", err)
	}
	return nil
}

// List returns all rules whose names begin with the prefix. LiveKit sends every
// rule that it has, whatever its name.
func (r *Rules) List(ctx context.Context, prefix string) ([]Rule, error) {
	var rules []Rule
	for after := ""; ; {
		page, err := r.page(ctx, after)
		if err != nil {
			return nil, err
		}
		last := after
		for _, info := range page {
			last = max(last, info.GetSipDispatchRuleId())
			if info.GetSipDispatchRuleId() > after && strings.HasPrefix(info.GetName(), prefix) {
				rules = append(rules, ruleOf(info))
			}
		}
		if last == after { // an empty page, or a server that does not page and has sent all before
			return rules, nil
		}
		after = last
	}
}

func ruleOf(info *livekit.SIPDispatchRuleInfo) Rule {
	direct := info.GetRule().GetDispatchRuleDirect()
	return Rule{
		ID: info.GetSipDispatchRuleId(), Name: info.GetName(), Trunk: strings.Join(info.GetTrunkIds(), ","),
		PIN: direct.GetPin(), Room: direct.GetRoomName(), Attributes: info.GetAttributes(),
	}
}

func (r *Rules) page(ctx context.Context, after string) ([]*livekit.SIPDispatchRuleInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	found, err := r.client.ListSIPDispatchRule(ctx, &livekit.ListSIPDispatchRuleRequest{
		Page: &livekit.Pagination{AfterId: after, Limit: rulesPage},
	})
	if err != nil {
		return nil, fmt.Errorf("livekit: list dispatch rules: %w", err)
	}
	return found.GetItems(), nil
}
