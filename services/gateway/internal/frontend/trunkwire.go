package frontend

import (
	frontendv1 "github.com/parleymeet/parley/gen/parley/frontend/v1"
	telephonyv1 "github.com/parleymeet/parley/gen/parley/telephony/v1"
)

// trunk shapes a trunk for operators. The password is not among what it copies.
func trunk(t *telephonyv1.Trunk) *frontendv1.Trunk {
	shown := &frontendv1.Trunk{
		Id:                 t.GetId(),
		Name:               t.GetName(),
		State:              word(t.GetState()),
		PinLength:          t.GetPinLength(),
		AllowedAddresses:   t.GetAllowedAddresses(),
		AuthUsername:       t.GetAuthUsername(),
		Arming:             word(t.GetArming()),
		PinsHeld:           float64(t.GetPinsHeld()),
		Guarded:            t.GetGuarded(),
		Density:            t.GetDensity(),
		CreatedAt:          datetime(t.GetCreateTime()),
		UpdatedAt:          datetime(t.GetUpdateTime()),
		SuggestedPinLength: t.GetSuggestedPinLength(),
		Guard:              word(t.GetGuard()),
		MaxCalls:           t.GetMaxCalls(),
		MaxPending:         t.GetMaxPending(),
		LivekitTrunkId:     t.GetLivekitTrunkId(),
		DailyBudget:        t.GetDailyBudget(),
		WrongPins:          float64(t.GetWrongPins()),
	}
	for _, n := range t.GetNumbers() {
		shown.Numbers = append(shown.Numbers, &frontendv1.PhoneNumber{
			Number: n.GetNumber(), Country: n.GetCountry(), Label: n.GetLabel(), Kind: word(n.GetKind()), Display: n.GetDisplay(),
		})
	}
	return shown
}

// call shapes a call record for operators.
func call(c *telephonyv1.Call) *frontendv1.Call {
	return &frontendv1.Call{
		Id:         c.GetId(),
		TrunkId:    c.GetTrunkId(),
		RoomId:     textOrNull(c.GetRoomId()),
		State:      word(c.GetState()),
		Caller:     c.GetCaller(),
		Called:     c.GetCalled(),
		StartedAt:  datetime(c.GetStartTime()),
		AnsweredAt: textOrNull(datetime(c.GetAnswerTime())),
		EndedAt:    textOrNull(datetime(c.GetEndTime())),
		EndReason:  c.GetEndReason(),
		Refusal:    c.GetRefusal(),
		SipStatus:  numberOrNull(c.GetSipStatus()),
		SipReason:  c.GetSipReason(),
	}
}
