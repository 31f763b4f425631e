// Package room is the room service: it owns rooms and the roles of users on
// them, decides who may enter, by browser and by phone, and hands out the way
// in.
//
// It asks auth (users and their defaults), token (LiveKit tokens) and telephony
// (PINs), and starts and serves without them as far as that is honest: without
// telephony rooms have no dial-in, and get it later; without auth accesses show
// bare ids; without token nobody can enter, and is told so.
//
//	config.go   Config
//	service.go  Service, in the shape of every service; build.go puts it together
//	policy.go   who may call what
//	store.go    the database of DATABASE_URL
//	mail.go     MailConfig
//
//	internal/rooms   the domain
//	internal/accesses  who has which role on which room
//	internal/invitations  e-mails that invite people; internal/mail sends them
//	internal/lobby   who waits in the browser to be let in
//	internal/phones  callers who wait to be let in
//	internal/live    which rooms LiveKit has, and who is to know
//	internal/moderation  what is done to people in a meeting
//	internal/outbox  tells telephony of rooms, without losing any
//	internal/peers   the domain's questions to other services
//	internal/rpc     the gRPC services
//	internal/store   PostgreSQL and SQLite
//	internal/trouble what fails and works again, logged once
package room
