// Command bench prints the figures of docs/benchmarks.md on this machine; `make
// bench` builds the suite and runs it.
//
// Every speed stands beside that of a bare peer, the least that could do the
// same job with the same libraries, measured in the same run and in turn with
// it. A goal that is missed is said so and is no error; a wrong answer is one.
//
//	main.go      flags, order
//	telephony.go a telephony service with PINs, for the first three figures
//	dispatch.go  1. dispatch over the SIP bus
//	resolve.go   2. ResolvePin over gRPC
//	allocate.go  3. PIN allocation
//	rest.go      4. rooms and lobbies over REST
//	startup.go   5. start and memory of standalone
//	sessions.go  6. users/me with few and with many sessions
//	guesses.go   7. guessing PINs, beside honest callers
//	siege.go     one guesser
//	timing.go    8. how long refusals take, by their reason
//	memory.go    9. telephony's memory with few and with many PINs
//	fill.go      10. a million rooms over four trunks
//	bridge.go    calls as LiveKit SIP makes them
//	lobby.go     11. guests who wait
//	rows.go      12. a room of few and of many
//
//	internal/measure  slices in turn, quantiles
//	internal/report   tables and goals
//	internal/lab      what is started: databases, Redis, the suite's binaries
//	internal/peer     the bare peers
//	internal/child    processes
package main
