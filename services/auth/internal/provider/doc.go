// Package provider is where people prove who they are: an OpenID Connect
// provider, or in development a provider that believes an e-mail.
//
// A log-in is an [Attempt]: made before the browser leaves, kept by the
// session, and used up when the browser comes back with a code.
//
//	provider.go     Provider, Attempt, Login
//	development.go  Development: no password, on loopback only
//	oidc.go         OIDC: authorization code with PKCE, state and nonce
//	userinfo.go     who the person is, in JSON or as a signed JWT
//	logout.go       log-out at the provider, and from there
//	claims.go       from userinfo to users.Claims
package provider
