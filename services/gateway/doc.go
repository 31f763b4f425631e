// Package gateway is the suite's door for browsers: the REST contract under
// /api, log-in, the API's documentation and the frontend's files, on one origin.
//
// It owns nothing. Each request is turned into a call of the facade
// (internal/frontend), which calls the service that knows, with an identity
// assertion that auth made for that service alone. So the gateway can mint no
// token, decide no right and read no PIN that its caller may not see.
//
// It has no gRPC server: grpc-gateway calls the facade's handlers directly. What
// interceptors do elsewhere, web does for HTTP, and once: request ids, recovery,
// metrics, the table of who may call, deadlines, traces.
//
//	config.go   Config
//	browser.go  the settings that browsers get to see
//	service.go  Service: construction, life, checks
//	internal/web       HTTP: routes, sessions, CSRF, log-in, errors, files
//	internal/frontend  the facade
//	internal/form      fields of request bodies
//	internal/texts     what went wrong, in the languages of people
//	internal/visit     what travels from web to frontend
package gateway
