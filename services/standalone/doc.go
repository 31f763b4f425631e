// Package standalone runs the whole suite in one process: the same services,
// interceptors and table of methods as in processes of their own, over
// connections inside the process on which each caller has its name.
//
// What a first run needs and the environment does not give is filled in:
// SQLite files and a secret key in DATA_DIR, a SIP bus of its own, and the
// development log-in, on loopback. Every setting given wins.
//
//	defaults.go  what is filled in
//	config.go    the settings of all services together
//	suite.go     building the services and connecting them
//	internal/bus      the embedded SIP bus
//	internal/operator the operator's commands
package standalone
