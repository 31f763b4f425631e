// A real OpenID Connect provider for the tests: the certified oidc-provider with
// its development pages, which let in whoever types a name. Each start has new
// signing keys and knows no sessions.
//
//   ISSUER   how clients reach it, through the tests' proxy
//   PORT     where it listens, on loopback
//   CLIENTS  JSON: client id -> URL of the relying party
//   SECRET   of every client
import { generateKeyPairSync, randomUUID } from 'node:crypto';

import Provider from 'oidc-provider';

const { ISSUER, PORT, CLIENTS, SECRET } = process.env;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const clients = Object.entries(JSON.parse(CLIENTS)).map(([id, url]) => ({
  client_id: id,
  client_secret: SECRET,
  redirect_uris: [`${url}/api/v1.0/callback/`],
  post_logout_redirect_uris: [`${url}/api/v1.0/logout-callback/`],
  backchannel_logout_uri: `${url}/api/v1.0/backchannel-logout/`,
  backchannel_logout_session_required: true,
  // As ProConnect does it, for the client that asks.
  ...(id === 'signed' && { userinfo_signed_response_alg: 'RS256' }),
}));

const provider = new Provider(ISSUER, {
  clients,
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256' }] },
  cookies: { keys: [randomUUID()] },
  features: { backchannelLogout: { enabled: true }, jwtUserinfo: { enabled: true } },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['given_name', 'usual_name'] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({
      sub: id, email: `${id}@example.org`, email_verified: true, given_name: id[0].toUpperCase() + id.slice(1), usual_name: 'Lovelace',
    }),
  }),
  ttl: { AccessToken: 3600, Grant: 3600, IdToken: 3600, Interaction: 3600, Session: 3600 },
});

provider.listen(Number(PORT), '127.0.0.1');
