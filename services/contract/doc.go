// Package contract proves the suite from outside: the real binaries, started as
// an operator would, on real PostgreSQL, Redis and LiveKit servers, asked over
// REST, gRPC and the SIP bus as the frontend, the operator and LiveKit SIP ask.
//
// One suite of tests runs against each way to run Parley (deployments in
// deployment_test.go): standalone on SQLite with the embedded bus, standalone
// on PostgreSQL, and five processes with mutual TLS on either.
//
//	deployment_test.go  starting, killing and restarting processes
//	client_test.go      a browser's REST client, the SIP bus, the operator
//
// TestIdentityProvider logs in at a real OpenID Connect provider, the npm package
// in provider/, which `make npm` installs.
//
//	provider_test.go    that provider, behind a proxy that can alter what it issues;
//	                    provider_pages_test.go clicks through its pages
//
// TestBrowser opens a page of its own (browser/page) in Chromium, which
// `make system` installs, with LiveKit's client, which `make npm` installs.
//
//	browser_test.go     what two pages do and see; chromium_test.go drives them
//	hostile_test.go     input that nobody wants, to every field of every operation;
//	                    targets_test.go has what it is sent to, pages_test.go the
//	                    paths that are no operations
//	section*_test.go    the REST contract line by line, in its order; lines_test.go
//	                    sends them
//	suite_test.go       the list of tests and deployments
//	*_test.go           the tests, by subject
package contract
