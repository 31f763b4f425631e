// Package web is the gateway's HTTP side: it turns requests of browsers into
// calls of the facade, and errors into the bodies that the contract asks for.
//
// A request passes, outermost first:
//
//	observe   request id, recovery, access log, metrics
//	headers   what every answer carries for the browser's safety
//	routing   log-in, documentation, frontend files, or the API
//	routes    one table: who may call a route, for which service, its success status
//	session   cookie -> auth -> assertion; CSRF for the logged-in; 401
//	limits    how often one client may come: 429
//	body      media type, size, JSON object
//	facade    grpc-gateway, which calls the facade
//
// The table is keyed by HTTP route, because grpc-gateway knows the RPC only
// after this point; a route without a row is refused, and a test walks all
// routes. When auth does not answer, the request fails: a visitor is never
// taken for anonymous because somebody could not be asked.
//
//	handler.go  New: the tree of handlers; Settings
//	routes.go   the table of routes
//	off.go      the table of features that are off
//	api.go      the middleware in front of the facade
//	limits.go   the table of limits: class of routes -> how often
//	session.go  session cookie to visit
//	machine.go  application's token to assertion
//	csrf.go     cross-site request forgery
//	body.go     request bodies; formbody.go forms
//	marshal.go  JSON as the contract writes it
//	errors.go   errors to answers
//	fields.go   wrong fields to answers
//	schema.go   wrong configurations to answers
//	login.go    log-in and log-out; cookies.go, returnto.go serve it
//	webhooks.go what LiveKit tells, passed on as it came
//	backchannel.go  log-outs that the identity provider tells of
//	language.go in which language; the texts are in internal/texts
//	origin.go   by which URL and from where the client came
//	static.go   the frontend's files, of which assets.go knows the content; pages.go our own few pages
//	security.go headers that browsers heed, and pages of other origins
//	observe.go  request id, log, metrics, recovery
package web
