package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// prefix is where the API is served.
const prefix = "/api/v1.0"

// externalPrefix is where everything for applications is served.
const externalPrefix = "/external-api/"

// mode says whom a route wants.
type mode int

const (
	// open ignores the session.
	open mode = iota + 1
	// anyone takes the session's user if there is one.
	anyone
	// member answers 401 to anonymous visitors.
	member
	// bearer takes a meeting token and ignores the session; the service answers
	// who has none.
	bearer
	// bearerOrAnyone takes a meeting token alone if there is one, else the session.
	bearerOrAnyone
	// secret wants the shared secret of a machine.
	secret
	// application takes an application's token alone and answers 401 without.
	application
	// applicationOrMember takes an application's token alone if there is one,
	// else it is member.
	applicationOrMember
)

// Audiences: the service for which auth makes the assertion.
const (
	forAuth      = "auth"
	forRoom      = "room"
	forTelephony = "telephony"
	forNobody    = ""
)

// tokenRoute is where applications get tokens.
const tokenRoute = "POST /external-api/v1.0/application/token"

// route is a row of the table.
type route struct {
	mode     mode
	audience string
	// limit is the class that bounds how often one client may come.
	limit class
	// success is the status of a good answer; 200 when 0.
	success int
	// form lets the body be a form, too.
	form bool
	// polled says that pages ask every second. The log has their good answers at
	// the level debug alone.
	polled bool
}

// routes is the table: method and path -> who may, for whom, how often, with which success.
func routes() map[string]route {
	return map[string]route{
		"GET /api/v1.0/config": {mode: open, limit: free},

		"GET /api/v1.0/users":        {mode: member, audience: forAuth},
		"GET /api/v1.0/users/me":     {mode: member, audience: forAuth},
		"PUT /api/v1.0/users/{id}":   {mode: member, audience: forAuth},
		"PATCH /api/v1.0/users/{id}": {mode: member, audience: forAuth},

		"GET /api/v1.0/rooms":                  {mode: anyone, audience: forRoom},
		"POST /api/v1.0/rooms":                 {mode: member, audience: forRoom, success: http.StatusCreated},
		"GET /api/v1.0/rooms/{id}":             {mode: anyone, audience: forRoom},
		"PUT /api/v1.0/rooms/{id}":             {mode: member, audience: forRoom},
		"PATCH /api/v1.0/rooms/{id}":           {mode: member, audience: forRoom},
		"DELETE /api/v1.0/rooms/{id}":          {mode: member, audience: forRoom, success: http.StatusNoContent},
		"POST /api/v1.0/rooms/{id}/rotate-pin": {mode: member, audience: forRoom},

		"POST /api/v1.0/rooms/creation-callback": {mode: anyone, audience: forRoom, limit: callingBack},
		"POST /api/v1.0/diagnostics/connection":  {mode: anyone, audience: forRoom, limit: tryingOut},

		"POST /api/v1.0/rooms/{id}/invite": {mode: member, audience: forRoom},

		"POST /api/v1.0/rooms/{id}/request-entry":       {mode: anyone, audience: forRoom, limit: elsewhere, polled: true},
		"GET /api/v1.0/rooms/{id}/waiting-participants": {mode: member, audience: forRoom, polled: true},
		"POST /api/v1.0/rooms/{id}/enter":               {mode: member, audience: forRoom},

		"POST /api/v1.0/rooms/{id}/mute-participant":        {mode: bearerOrAnyone, audience: forRoom, limit: meeting},
		"POST /api/v1.0/rooms/{id}/remove-participant":      {mode: member, audience: forRoom},
		"POST /api/v1.0/rooms/{id}/update-participant":      {mode: member, audience: forRoom},
		"POST /api/v1.0/rooms/{id}/update-participant-role": {mode: member, audience: forRoom},
		"POST /api/v1.0/rooms/{id}/toggle-hand":             {mode: bearer, audience: forNobody, limit: meeting},
		"POST /api/v1.0/rooms/{id}/rename":                  {mode: bearer, audience: forNobody, limit: meeting},

		"GET /api/v1.0/resource-accesses":         {mode: member, audience: forRoom},
		"POST /api/v1.0/resource-accesses":        {mode: member, audience: forRoom, success: http.StatusCreated},
		"GET /api/v1.0/resource-accesses/{id}":    {mode: member, audience: forRoom},
		"PUT /api/v1.0/resource-accesses/{id}":    {mode: member, audience: forRoom},
		"PATCH /api/v1.0/resource-accesses/{id}":  {mode: member, audience: forRoom},
		"DELETE /api/v1.0/resource-accesses/{id}": {mode: member, audience: forRoom, success: http.StatusNoContent},

		"GET /api/v1.0/telephony/trunks":                          {mode: member, audience: forTelephony},
		"POST /api/v1.0/telephony/trunks":                         {mode: member, audience: forTelephony, success: http.StatusCreated},
		"GET /api/v1.0/telephony/trunks/{id}":                     {mode: member, audience: forTelephony},
		"PATCH /api/v1.0/telephony/trunks/{id}":                   {mode: member, audience: forTelephony},
		"DELETE /api/v1.0/telephony/trunks/{id}":                  {mode: member, audience: forTelephony, success: http.StatusNoContent},
		"POST /api/v1.0/telephony/trunks/{id}/drain":              {mode: member, audience: forTelephony},
		"POST /api/v1.0/telephony/trunks/{id}/numbers":            {mode: member, audience: forTelephony, success: http.StatusCreated},
		"DELETE /api/v1.0/telephony/trunks/{id}/numbers/{number}": {mode: member, audience: forTelephony, success: http.StatusNoContent},
		"GET /api/v1.0/telephony/calls":                           {mode: member, audience: forTelephony},
		"GET /api/v1.0/telephony/calls/{id}":                      {mode: member, audience: forTelephony},
		"GET /api/v1.0/telephony/trunks/{id}/refusals":            {mode: member, audience: forTelephony},
		"POST /api/v1.0/telephony/explain":                        {mode: member, audience: forTelephony},
		"POST /api/v1.0/telephony/resolve":                        {mode: applicationOrMember, audience: forTelephony},

		"GET /api/v1.0/applications":                     {mode: member, audience: forAuth},
		"POST /api/v1.0/applications":                    {mode: member, audience: forAuth, success: http.StatusCreated},
		"GET /api/v1.0/applications/{id}":                {mode: member, audience: forAuth},
		"PATCH /api/v1.0/applications/{id}":              {mode: member, audience: forAuth},
		"DELETE /api/v1.0/applications/{id}":             {mode: member, audience: forAuth, success: http.StatusNoContent},
		"POST /api/v1.0/applications/{id}/rotate-secret": {mode: member, audience: forAuth},

		tokenRoute:                          {mode: open, audience: forNobody, form: true},
		"GET /external-api/v1.0/rooms":      {mode: application, audience: forRoom},
		"POST /external-api/v1.0/rooms":     {mode: application, audience: forRoom, success: http.StatusCreated},
		"GET /external-api/v1.0/rooms/{id}": {mode: application, audience: forRoom},
	}
}

// named returns the paths of the tables without a place for an id. No id can be
// one of them: what such a path does not take is not looked for under an id.
func named(table map[string]route, features map[string]offRoute) map[string]bool {
	paths := map[string]bool{}
	for _, name := range slices.AppendSeq(slices.Collect(maps.Keys(table)), maps.Keys(features)) {
		if _, path, _ := strings.Cut(name, " "); !strings.Contains(path, "{") {
			paths[path] = true
		}
	}
	return paths
}

// methodsAt returns the methods that the tables have for a path, sorted, and the
// mode that they share; open where they differ.
func (a *api) methodsAt(path string) (methods []string, shared mode) {
	note := func(name string, m mode) {
		method, pattern, _ := strings.Cut(name, " ")
		if !a.fits(pattern, path) {
			return
		}
		if shared == 0 {
			shared = m
		} else if shared != m {
			shared = open
		}
		methods = append(methods, method)
	}
	for name, row := range a.table {
		note(name, row.mode)
	}
	for name, row := range a.off {
		note(name, row.mode)
	}
	slices.Sort(methods)
	return slices.Compact(methods), shared
}

// fits reports whether a path fits a pattern of the tables. A path with a name
// of its own fits no pattern with a place for an id.
func (a *api) fits(pattern, path string) bool {
	if a.named[path] {
		return pattern == path
	}
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i := range want {
		if !strings.HasPrefix(want[i], "{") && want[i] != have[i] {
			return false
		}
	}
	return true
}
