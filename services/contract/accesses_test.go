package contract

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

const accessesPath = "/api/v1.0/resource-accesses/"

// testAccesses: roles are given, changed and taken; the room keeps an owner even
// when all of them leave at once.
func testAccesses(t *testing.T, d *deployment) {
	katherine, dorothy := d.login(t, "katherine.johnson@example.org"), d.login(t, "dorothy.vaughan@example.org")
	dorothyID := dorothy.must(t, http.StatusOK, http.MethodGet, "/api/v1.0/users/me", nil).json["id"]
	room := katherine.must(t, http.StatusCreated, http.MethodPost, roomsPath, map[string]any{"name": "roles", "access_level": "restricted"}).json
	own := room["accesses"].([]any)[0].(map[string]any)["id"].(string)
	of := map[string]any{"user": dorothyID, "resource": room["id"]}

	seesRoom := func() bool {
		return dorothy.must(t, http.StatusOK, http.MethodGet, roomsPath+"roles/", nil).json["livekit"] != nil
	}
	if seesRoom() {
		t.Error("a stranger enters")
	}
	made := katherine.must(t, http.StatusCreated, http.MethodPost, accessesPath, of).json
	path := accessesPath + made["id"].(string) + "/"
	if made["role"] != "member" || made["user"] != dorothyID || made["resource"] != room["id"] || len(made) != 4 || !seesRoom() {
		t.Errorf("new access %v, enters %v", made, seesRoom())
	}
	if got := katherine.must(t, http.StatusBadRequest, http.MethodPost, accessesPath, of); got.raw != `{"non_field_errors":["Resource access with this User and Resource already exists."]}` {
		t.Errorf("twice: %s", got.raw)
	}
	if got := dorothy.must(t, http.StatusForbidden, http.MethodDelete, path, nil); got.raw != `{"detail":"You do not have permission to perform this action."}` {
		t.Errorf("a member leaves: %s", got.raw)
	}
	if got := dorothy.must(t, http.StatusOK, http.MethodGet, accessesPath, nil); got.raw != `{"count":0,"next":null,"previous":null,"results":[]}` {
		t.Errorf("a member's list: %s", got.raw)
	}
	last := `{"detail":"A resource should keep at least one owner."}`
	if got := katherine.must(t, http.StatusForbidden, http.MethodDelete, accessesPath+own+"/", nil); got.raw != last {
		t.Errorf("the only owner leaves: %s", got.raw)
	}
	if got := katherine.must(t, http.StatusForbidden, http.MethodPatch, accessesPath+own+"/", map[string]any{"role": "member"}); got.raw != last {
		t.Errorf("the only owner steps down: %s", got.raw)
	}
	katherine.must(t, http.StatusOK, http.MethodPatch, path, map[string]any{"role": "owner"})
	if got := fmt.Sprint(dorothy.must(t, http.StatusOK, http.MethodGet, accessesPath, nil).json["count"]); got != "2" {
		t.Errorf("an owner's list has %s", got)
	}
	if got := katherine.must(t, http.StatusForbidden, http.MethodDelete, path, nil); got.raw != `{"detail":"You do not have permission to perform this action."}` {
		t.Errorf("an owner removes another: %s", got.raw)
	}

	var statuses [2]int
	var wg sync.WaitGroup
	for i, leave := range []func() *answer{
		func() *answer { return katherine.do(t, http.MethodDelete, accessesPath+own+"/", nil) },
		func() *answer { return dorothy.do(t, http.MethodDelete, path, nil) },
	} {
		wg.Go(func() { statuses[i] = leave().status })
	}
	wg.Wait()
	if statuses != [2]int{http.StatusNoContent, http.StatusForbidden} && statuses != [2]int{http.StatusForbidden, http.StatusNoContent} {
		t.Errorf("both owners leave at once: %v", statuses)
	}
}
