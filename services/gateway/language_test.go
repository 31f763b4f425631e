package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/parleymeet/parley/pkg/apierr"
)

// TestLanguages is the contract's section 1.3: errors are in the language that
// the browser wants, English by default.
func TestLanguages(t *testing.T) {
	g := start(t)
	const api = "/api/v1.0/"
	for name, c := range map[string]struct {
		method, path, cookie, body, accept string
		fail                               error
		language, want                     string
	}{
		"default":        {"GET", "users/me/", "", "", "", nil, "en", `{"detail":"Authentication credentials were not provided."}`},
		"unknown":        {"GET", "users/me/", "", "", "ja, pt-BR;q=0.5", nil, "en", `{"detail":"Authentication credentials were not provided."}`},
		"nonsense":       {"GET", "users/me/", "", "", ";;q=x,\xff", nil, "en", `{"detail":"Authentication credentials were not provided."}`},
		"French":         {"GET", "users/me/", "", "", "fr-CA", nil, "fr", `{"detail":"Informations d’authentification non fournies."}`},
		"by weight":      {"GET", "rooms/unknown/", "", "", "fr;q=0.2, nl;q=0.8, ja", nil, "nl", `{"detail":"Geen ruimte komt overeen met de opgegeven zoekopdracht."}`},
		"fields":         {"POST", "rooms/", adaCook, `{"name":" ","access_level":"foo"}`, "de-AT", nil, "de", `{"access_level":["„foo“ ist keine gültige Option."],"name":["Dieses Feld darf nicht leer sein."]}`},
		"list items":     {"POST", "telephony/trunks/", adaCook, `{"name":"x","numbers":[{}]}`, "fr", nil, "fr", `{"numbers":{"0":{"number":["Ce champ est obligatoire."]}}}`},
		"all fields":     {"POST", "rooms/", adaCook, `[]`, "fr", nil, "fr", `{"non_field_errors":["Donnée non valide. Un dictionnaire était attendu, list a été reçu."]}`},
		"method":         {"DELETE", "config/", "", "", "de", nil, "de", `{"detail":"Methode „DELETE“ nicht erlaubt."}`},
		"throttled":      {"POST", "rooms/", adaCook, `{"name":"a"}`, "nl", &apierr.Error{Reason: apierr.Throttled, RetryAfter: time.Second}, "nl", `{"detail":"Het verzoek is afgeremd. Weer mogelijk over 1 seconde."}`},
		"message":        {"POST", "rooms/public/enter/", adaCook, `{"participant_id":"` + gil + `","allow_entry":true}`, "fr", nil, "fr", `{"message":"La salle n’a pas de salle d’attente."}`},
		"error":          {"POST", "rooms/x/mute-participant/", adaCook, `{"participant_identity":"a","track_sid":"b"}`, "de", apierr.New(apierr.ParticipantNotFound, ""), "de", `{"error":"Teilnehmer nicht gefunden"}`},
		"closed schemas": {"POST", "rooms/", adaCook, `{"name":"a","configuration":7}`, "fr", nil, "fr", `{"configuration":[{"type":"model_type","loc":[],"msg":"Input should be a valid dictionary or instance of RoomConfiguration","input":"7","ctx":{"class_name":"RoomConfiguration"},"url":"https://errors.pydantic.dev/2.13/v/model_type"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			g.rooms.fail = c.fail
			resp, body := g.ask(t, c.method, api+c.path, c.cookie, c.body, "Accept-Language", c.accept)
			if body != c.want || resp.Header.Get("Content-Language") != c.language || resp.Header.Get("Vary") != "Accept-Language" {
				t.Errorf("%d %s\nwant %s\n%v", resp.StatusCode, body, c.want, resp.Header)
			}
		})
	}
	resp, page := g.ask(t, "GET", api+"callback/?code=c&state=bad", "anonymous", "", "Accept-Language", "fr")
	for _, part := range []string{`<html lang="fr">`, "Cela n’a pas fonctionné", "Cette connexion est inconnue", "Retour à l’accueil"} {
		if resp.StatusCode != 400 || !strings.Contains(page, part) {
			t.Errorf("%d %s lacks %s", resp.StatusCode, page, part)
		}
	}
}
