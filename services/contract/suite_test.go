package contract

import (
	"testing"

	"github.com/parleymeet/parley/pkg/testkit"
)

// deployments are the ways to run Parley that must not differ in what they answer.
var deployments = []struct {
	name  string
	start func(t *testing.T) *deployment
}{
	{"standalone on SQLite", func(t *testing.T) *deployment { return startStandalone(t, "") }},
	{"standalone on PostgreSQL", func(t *testing.T) *deployment { return startStandalone(t, testkit.Postgres(t)) }},
	{"split on PostgreSQL", func(t *testing.T) *deployment { return startSplit(t, splitOptions{}) }},
	{"split on SQLite", func(t *testing.T) *deployment {
		return startSplit(t, splitOptions{database: "sqlite://" + t.TempDir()})
	}},
}

// TestContract runs every test of the contract against every deployment.
func TestContract(t *testing.T) {
	for _, kind := range deployments {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := kind.start(t)
			d.login(t, "operator@example.org").createTrunk(t, "Carrier", "+33199000123", 10)
			for name, test := range map[string]func(*testing.T, *deployment){
				"a meeting by browser and phone": testMeeting,
				"the phone is first":             testPhoneFirst,
				"two calls from one number":      testOneNumber,
				"the lobby":                      testLobby,
				"moderation":                     testModeration,
				"callers wait":                   testPhoneLobby,
				"moderation of a phone":          testPhoneModeration,
				"log-in and log-out":             testLogin,
				"rooms":                          testRooms,
				"who sees what":                  testVisibility,
				"roles on rooms":                 testAccesses,
				"creation callback":              testCallback,
				"diagnostics":                    testDiagnostics,
				"bad input":                      testBadInput,
				"trunks and numbers":             testTrunks,
				"the operator's commands":        testOperatorCommands,
				"session fixation":               testFixation,
				"somebody's sub as lobby cookie": testForeignLobbyCookie,
				"rights by command":              testRights,
				"calls are recorded":             testCalls,
				"calls end by webhook":           testCallsByWebhook,
				"section 1":                      testConventions,
				"section 3":                      testRules,
				"section 4":                      testCore,
				"section 6":                      testOtherClients,
			} {
				t.Run(name, func(t *testing.T) { test(t, d) })
			}
		})
	}
}
