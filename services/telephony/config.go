package telephony

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parleymeet/parley/pkg/config"
	"github.com/parleymeet/parley/pkg/secret"
	"github.com/parleymeet/parley/services/internal/database"
	"github.com/parleymeet/parley/services/telephony/internal/throttle"
	"github.com/parleymeet/parley/services/telephony/internal/trunks"
)

// maxTokenTTL is the longest life that the token service gives.
const maxTokenTTL = 24 * time.Hour

// How LiveKit SIP learns where calls go.
const (
	modeResolver = "resolver"
	modeRules    = "rules"
)

// Config is the settings of the service.
type Config struct {
	// DatabaseURL is sqlite://<directory> or postgres://...; it may hold a password.
	DatabaseURL config.Secret `env:"DATABASE_URL" envDefault:"sqlite://data"`
	// SecretKey seals trunk passwords and keys the hash of callers' numbers: 32
	// bytes in base64.
	SecretKey config.Secret `env:"SECRET_KEY"`

	// PINLength is the digits of PINs of new trunks, 4 to 16.
	PINLength int `env:"PIN_LENGTH" envDefault:"10"`
	// PINMaxDraws is how many random draws are tried before a gap is searched.
	PINMaxDraws int `env:"PIN_MAX_DRAWS" envDefault:"5"`
	// PINQuarantine is how long a PIN given back is not used again.
	PINQuarantine time.Duration `env:"PIN_QUARANTINE" envDefault:"8760h"`
	// PINRotationGrace is how long a replaced PIN is still accepted.
	PINRotationGrace time.Duration `env:"PIN_ROTATION_GRACE" envDefault:"24h"`
	// PINRotations is how many new PINs a room may be given in a day by those who
	// administer it; 0 for any number. Operators are not limited.
	PINRotations int `env:"PIN_ROTATIONS" envDefault:"10"`
	// PINArming is when PINs of new trunks are accepted: always, or live, which
	// is while LiveKit has the room.
	PINArming string `env:"PIN_ARMING" envDefault:"always"`

	// ThrottleCallerOnTrunk, ThrottleCaller and ThrottleAnonymous are how many
	// wrong PINs, within which time, make a caller refused for how long: on one
	// trunk, on all trunks, and for all together who withhold their number on a
	// trunk. "off" for no limit.
	ThrottleCallerOnTrunk throttle.Limit `env:"THROTTLE_CALLER_ON_TRUNK" envDefault:"5/30m/1h"`
	ThrottleCaller        throttle.Limit `env:"THROTTLE_CALLER" envDefault:"25/720h/forever"`
	ThrottleAnonymous     throttle.Limit `env:"THROTTLE_ANONYMOUS" envDefault:"20/1h/15m"`
	// ThrottleForgive is how many wrong PINs a right one takes off its caller's
	// on the trunk, once in the limit's time.
	ThrottleForgive int `env:"THROTTLE_FORGIVE" envDefault:"3"`

	// GuardRate and GuardFactor make a trunk guarded for GuardTime: when it has
	// more wrong PINs in a minute than the rate, and than the factor times its
	// usual ones. Rate 0: never.
	GuardRate   int           `env:"GUARD_RATE" envDefault:"10"`
	GuardFactor int           `env:"GUARD_FACTOR" envDefault:"5"`
	GuardTime   time.Duration `env:"GUARD_TIME" envDefault:"15m"`
	// GuardRisk is the chance in a year, 0 to 1, that somebody who only guesses
	// finds a room of a trunk; a trunk is guarded when the wrong PINs of a day are
	// more than that bears, and more than GuardSpare. Risk 0: never.
	GuardRisk  float64 `env:"GUARD_RISK" envDefault:"0.01"`
	GuardSpare int     `env:"GUARD_SPARE" envDefault:"100"`
	// CrowdCallers is how many callers of one room, within which time, make all
	// who follow wait in its lobby for how long. "off" for any number.
	CrowdCallers throttle.Limit `env:"CROWD_CALLERS" envDefault:"50/10m/30m"`

	// DispatchMode is how LiveKit SIP learns where calls go: from telephony's
	// answers on the bus (resolver), or from dispatch rules in LiveKit (rules).
	DispatchMode string `env:"DISPATCH_MODE" envDefault:"resolver"`
	// LiveKitAPIURL, LiveKitAPIKey and LiveKitAPISecret are where rules are kept;
	// only in that mode.
	LiveKitAPIURL    string        `env:"LIVEKIT_API_URL"`
	LiveKitAPIKey    string        `env:"LIVEKIT_API_KEY"`
	LiveKitAPISecret config.Secret `env:"LIVEKIT_API_SECRET"`
	// LiveKitRulesInterval is how often all of LiveKit's rules are listed, and live
	// rooms are asked again whom they admit.
	LiveKitRulesInterval time.Duration `env:"LIVEKIT_RULES_INTERVAL" envDefault:"1m"`
	// DispatchDeadline bounds the answer to a call. LiveKit SIP waits 3 seconds.
	DispatchDeadline time.Duration `env:"DISPATCH_DEADLINE" envDefault:"1500ms"`
	// SIPRedisURL is the SIP bus; it may hold a password. Empty: no LiveKit SIP.
	SIPRedisURL config.Secret `env:"SIP_REDIS_URL"`
	// SIPHost makes the SIP URI of a dial-in. Empty: dial-ins have none.
	SIPHost string `env:"SIP_HOST"`
	// PhoneTokenTTL is the life of a caller's LiveKit token.
	PhoneTokenTTL time.Duration `env:"PHONE_TOKEN_TTL" envDefault:"6h"`
	// MaxCallDuration ends calls that nobody hangs up.
	MaxCallDuration time.Duration `env:"MAX_CALL_DURATION" envDefault:"8h"`
	// CallRetention is how long records of calls are kept.
	CallRetention time.Duration `env:"CALL_RETENTION" envDefault:"720h"`
	// CallerNumberRetention is how long whole numbers of callers are kept, sealed,
	// with the records; 0: not at all.
	CallerNumberRetention time.Duration `env:"CALLER_NUMBER_RETENTION" envDefault:"720h"`
	// CallerNumberReaders are the e-mails of the operators who may be shown whole
	// numbers; none for all of them.
	CallerNumberReaders []string `env:"CALLER_NUMBER_READERS"`
}

// answersLiveKitSIP says whether LiveKit SIP asks here, and tells here how calls
// go on.
func (c Config) answersLiveKitSIP() bool { return c.DispatchMode != modeRules && c.SIPRedisURL != "" }

func (c Config) throttleRules() throttle.Rules {
	return throttle.Rules{
		CallerOnTrunk: c.ThrottleCallerOnTrunk, Caller: c.ThrottleCaller, Anonymous: c.ThrottleAnonymous, Forgive: c.ThrottleForgive,
	}
}

func (c Config) brakeRules() throttle.BrakeRules {
	return throttle.BrakeRules{Rate: c.GuardRate, Factor: c.GuardFactor, Guard: c.GuardTime}
}

func (c Config) budgetRules() throttle.BudgetRules {
	return throttle.BudgetRules{Risk: c.GuardRisk, Spare: c.GuardSpare, Guard: c.GuardTime}
}

// Validate returns every fault, joined.
func (c Config) Validate() error {
	var faults []error
	fault := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	_, err := database.Locate(c.DatabaseURL.Reveal(), serviceName)
	fault(err == nil, "%w", err)
	_, err = secret.Parse(c.SecretKey.Reveal())
	fault(err == nil, "%w", err)
	fault(c.PINLength >= trunks.MinPINLength && c.PINLength <= trunks.MaxPINLength,
		"PIN_LENGTH must be %d to %d", trunks.MinPINLength, trunks.MaxPINLength)
	fault(c.PINMaxDraws >= 1 && c.PINMaxDraws <= 100, "PIN_MAX_DRAWS must be 1 to 100")
	fault(c.PINQuarantine >= 0, "PIN_QUARANTINE must not be negative")
	fault(c.PINRotationGrace >= 0, "PIN_ROTATION_GRACE must not be negative")
	fault(c.PINRotations >= 0, "PIN_ROTATIONS must not be negative")
	fault(trunks.Arming(c.PINArming).Valid(), "PIN_ARMING must be always or live")
	fault(c.ThrottleForgive >= 0, "THROTTLE_FORGIVE must not be negative")
	fault(c.GuardRate >= 0, "GUARD_RATE must not be negative")
	fault(c.GuardFactor >= 1, "GUARD_FACTOR must be at least 1")
	fault(c.GuardRisk >= 0 && c.GuardRisk < 1, "GUARD_RISK must be 0 or more and below 1")
	fault(c.GuardSpare >= 0, "GUARD_SPARE must not be negative")
	fault(c.GuardTime > 0, "GUARD_TIME must be above 0")
	fault(c.DispatchMode == modeResolver || c.DispatchMode == modeRules, "DISPATCH_MODE must be resolver or rules")
	fault(c.DispatchMode != modeRules || (c.LiveKitAPIURL != "" && c.LiveKitAPIKey != "" && c.LiveKitAPISecret != ""),
		"DISPATCH_MODE=rules needs LIVEKIT_API_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET")
	fault(c.LiveKitRulesInterval >= time.Second, "LIVEKIT_RULES_INTERVAL must be at least 1s")
	fault(c.DispatchDeadline > 0 && c.DispatchDeadline < 3*time.Second, "DISPATCH_DEADLINE must be above 0 and below 3s, which is how long LiveKit SIP waits")
	fault(c.PhoneTokenTTL > 0 && c.PhoneTokenTTL <= maxTokenTTL, "PHONE_TOKEN_TTL must be above 0 and at most 24h")
	fault(c.MaxCallDuration > 0, "MAX_CALL_DURATION must be above 0")
	fault(c.CallerNumberRetention >= 0, "CALLER_NUMBER_RETENTION must not be negative")
	fault(c.CallRetention > 0, "CALL_RETENTION must be above 0")
	fault(!strings.ContainsAny(c.SIPHost, " \t@/;<>"), "SIP_HOST must be a host name or an address, with a port if need be")
	if c.SIPRedisURL != "" {
		_, err := redis.ParseURL(c.SIPRedisURL.Reveal()) // its error may repeat a password
		fault(err == nil, "SIP_REDIS_URL must be redis://[user:password@]host:port")
	}
	return errors.Join(faults...)
}
