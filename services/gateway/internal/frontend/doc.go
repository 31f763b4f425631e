// Package frontend is the facade: parley.frontend.v1, the REST contract as
// protobuf services, a thin mapping onto the suite's services.
//
// grpc-gateway calls its handlers directly, with no gRPC between. Each handler reads the form, calls one service with the visitor's
// assertion and shapes the answer. It decides no rights: services do. Where the
// contract puts "may you?" before "is it well-formed?", a form that is wrong is
// answered only after the service was asked whether the visitor may at all, and
// what else is wrong.
//
//	facade.go    Facade: construction, registration
//	config.go    ConfigService
//	directory.go the telephone numbers shown to everybody, cached
//	users.go     UserService
//	rooms.go     RoomService
//	lobby.go     LobbyService
//	moderation.go ModerationService
//	changeform.go bodies of changes to participants
//	trunks.go    TrunkService
//	trunkform.go bodies of trunks and numbers
//	accesses.go  AccessService
//	invitations.go InvitationService
//	diagnostics.go DiagnosticsService
//	calls.go     CallService, ResolverService
//	applications.go ApplicationService
//	external.go  ExternalService
//	wrong.go     rights first, then everything that is wrong
//	page.go      the pagination envelope
//	wire.go      values that JSON may show as null, times, enumerations
//	roomwire.go, trunkwire.go  messages of the services to messages of the contract
package frontend
