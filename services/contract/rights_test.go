package contract

import (
	"net/http"
	"strings"
	"testing"
)

// testRights gives and takes rights by the operator's commands.
func testRights(t *testing.T, d *deployment) {
	const email = "future.operator@example.org"
	user := d.login(t, email)
	user.must(t, http.StatusForbidden, http.MethodGet, trunksPath, nil)
	if out, err := d.parley(t, "user", "operator", "grant", "nobody@example.org"); err == nil || !strings.Contains(out, "No User matches") {
		t.Errorf("nobody: %v %s", err, out)
	}
	if out := d.mustParley(t, "user", "operator", "grant", "Future.Operator@example.org"); !strings.Contains(out, "grant") {
		t.Errorf("grant: %s", out)
	}
	user.must(t, http.StatusOK, http.MethodGet, trunksPath, nil) // at once
	if out := d.mustParley(t, "user", "operator", "list"); !strings.Contains(out, email) || !strings.Contains(out, "OPERATOR_EMAILS") {
		t.Errorf("list: %s", out)
	}
	d.mustParley(t, "user", "operator", "revoke", email)
	user.must(t, http.StatusForbidden, http.MethodGet, trunksPath, nil)
	if out := d.mustParley(t, "user", "operator", "revoke", "operator@example.org"); !strings.Contains(out, "still an operator") {
		t.Errorf("revoke of one by settings: %s", out)
	}

	d.mustParley(t, "user", "disable", email)
	user.must(t, http.StatusUnauthorized, http.MethodGet, mePath, nil)
	again := d.visitor(t)
	again.do(t, http.MethodGet, authenticatePath+"?login_hint="+email, nil)
	again.must(t, http.StatusUnauthorized, http.MethodGet, mePath, nil)
	d.mustParley(t, "user", "enable", email)
	d.login(t, email)
}
