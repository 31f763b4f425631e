package rpc

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	authv1 "github.com/parleymeet/parley/gen/parley/auth/v1"
	"github.com/parleymeet/parley/pkg/apierr"
	"github.com/parleymeet/parley/services/auth/internal/applications"
	"github.com/parleymeet/parley/services/auth/internal/sessions"
	"github.com/parleymeet/parley/services/auth/internal/users"
)

var outcomes = map[sessions.Outcome]authv1.FinishLoginResponse_Outcome{
	sessions.LoggedIn:      authv1.FinishLoginResponse_OUTCOME_LOGGED_IN,
	sessions.SilentRefused: authv1.FinishLoginResponse_OUTCOME_SILENT_REFUSED,
	sessions.Refused:       authv1.FinishLoginResponse_OUTCOME_REFUSED,
}

func userMessage(u users.User, operator bool) (*authv1.User, error) {
	configuration, err := structpb.NewStruct(u.RoomConfiguration)
	if err != nil {
		return nil, fmt.Errorf("room configuration of user %s: %w", u.ID, err)
	}
	return &authv1.User{
		Id: u.ID, Sub: u.Sub, Email: u.Email, FullName: u.FullName, ShortName: u.ShortName,
		Timezone: u.Timezone, Language: u.Language,
		DefaultRoomAccessLevel: u.RoomAccessLevel, DefaultRoomConfiguration: configuration,
		Operator: operator, Active: u.Active, CreateTime: timestamppb.New(u.Created),
	}, nil
}

// changeFrom takes what the mask names. An empty mask changes nothing.
func changeFrom(u *authv1.User, paths []string) (users.Change, error) {
	var change users.Change
	for _, path := range paths {
		switch path {
		case users.FieldTimezone:
			change.Timezone = &u.Timezone
		case users.FieldLanguage:
			change.Language = &u.Language
		case users.FieldRoomAccessLevel:
			change.RoomAccessLevel = &u.DefaultRoomAccessLevel
		case users.FieldRoomConfiguration:
			if u.GetDefaultRoomConfiguration() == nil {
				return users.Change{}, apierr.InvalidField(path, "null", "This field may not be null.")
			}
			change.RoomConfiguration = u.GetDefaultRoomConfiguration().AsMap()
		default:
			return users.Change{}, apierr.InvalidField("update_mask", "unknown", "%q cannot be changed.", path)
		}
	}
	return change, nil
}

func sessionMessage(issued *sessions.Issued) *authv1.Session {
	if issued == nil {
		return nil
	}
	return &authv1.Session{Token: string(issued.Token), MaxAge: durationpb.New(issued.Life)}
}

// draftFrom takes what the mask names. An empty mask changes nothing.
func draftFrom(a *authv1.Application, paths []string) (applications.Draft, error) {
	var draft applications.Draft
	for _, path := range paths {
		switch path {
		case applications.FieldName:
			draft.Name = &a.Name
		case applications.FieldActive:
			draft.Active = &a.Active
		case applications.FieldScopes:
			draft.Scopes = &a.Scopes
		case applications.FieldDomains:
			draft.Domains = &a.AllowedDomains
		default:
			return applications.Draft{}, apierr.InvalidField("update_mask", "unknown", "%q cannot be changed.", path)
		}
	}
	return draft, nil
}

// timestamp is unset for the zero time.
func timestamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
