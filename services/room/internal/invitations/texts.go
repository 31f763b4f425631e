package invitations

import "slices"

// texts are the words of an invitation in one language.
type texts struct {
	// Subject takes the inviter's name.
	Subject                      string
	Greeting, Invited            string
	Join, Room, Link, Phone, PIN string
	OneTap, NotExpected          string
}

// Languages are those in which invitations are written, English first.
func Languages() []string { return []string{"en", "fr", "nl", "de"} }

// supported returns the language if there are texts in it, else English.
func supported(language string) string {
	if slices.Contains(Languages(), language) {
		return language
	}
	return Languages()[0]
}

func allTexts() map[string]texts {
	return map[string]texts{
		"en": {
			Subject: "%s invites you to a meeting", Greeting: "Hello,", Invited: "invites you to a video meeting.",
			Join: "Join the meeting", Room: "Meeting", Link: "Link", Phone: "By telephone", PIN: "PIN", OneTap: "Call and enter the PIN in one tap",
			NotExpected: "If you did not expect this invitation, you can ignore it.",
		},
		"fr": {
			Subject: "%s vous invite à une réunion", Greeting: "Bonjour,", Invited: "vous invite à une visioconférence.",
			Join: "Rejoindre la réunion", Room: "Réunion", Link: "Lien", Phone: "Par téléphone", PIN: "Code PIN", OneTap: "Appeler et saisir le code en un geste",
			NotExpected: "Si vous n'attendiez pas cette invitation, vous pouvez l'ignorer.",
		},
		"nl": {
			Subject: "%s nodigt u uit voor een vergadering", Greeting: "Hallo,", Invited: "nodigt u uit voor een videovergadering.",
			Join: "Deelnemen aan de vergadering", Room: "Vergadering", Link: "Link", Phone: "Per telefoon", PIN: "Pincode", OneTap: "Bel en voer de pincode in met één tik",
			NotExpected: "Als u deze uitnodiging niet verwachtte, kunt u haar negeren.",
		},
		"de": {
			Subject: "%s lädt Sie zu einer Besprechung ein", Greeting: "Guten Tag,", Invited: "lädt Sie zu einer Videokonferenz ein.",
			Join: "An der Besprechung teilnehmen", Room: "Besprechung", Link: "Link", Phone: "Per Telefon", PIN: "PIN", OneTap: "Mit einem Tipp anrufen und PIN eingeben",
			NotExpected: "Falls Sie diese Einladung nicht erwartet haben, können Sie sie ignorieren.",
		},
	}
}
