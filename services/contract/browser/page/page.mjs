// The page of TestBrowser. It does what the frontend does in the order in which
// it does it, without its looks: the test calls the functions of `page` and
// looks at what they return.
import { Room, RoomEvent } from '/assets/livekit-client.esm.mjs';

const api = '/api/v1.0/';
const pollEvery = 500; // milliseconds; the frontend asks each second

const rooms = new Map(); // slug -> LiveKit room in which this page is
const heard = []; // what LiveKit told: [event, payload]
const violations = []; // of the content security policy: [directive, blocked]

document.addEventListener('securitypolicyviolation', (event) => {
  violations.push([event.effectiveDirective, event.blockedURI]);
});

function cookie(name) {
  const found = document.cookie.split('; ').find((item) => item.startsWith(name + '='));
  return found && found.slice(name.length + 1);
}

// ask sends a request as the frontend does; csrf false leaves the token out.
async function ask(method, path, body, csrf = true) {
  const headers = { 'Content-Type': 'application/json' };
  if (csrf && cookie('csrftoken')) headers['X-CSRFToken'] = cookie('csrftoken');
  const response = await fetch(api + path, {
    method, headers, credentials: 'include', body: body && JSON.stringify(body),
  });
  const isJSON = response.headers.get('Content-Type')?.includes('application/json');
  return { status: response.status, body: isJSON ? await response.json() : null };
}

// enter joins a meeting with a fake camera and microphone.
async function enter(slug, livekit) {
  const config = await ask('GET', 'config/');
  const room = new Room({ videoCaptureDefaults: { resolution: { width: 320, height: 180, frameRate: 10 } } });
  room.on(RoomEvent.RoomMetadataChanged, (metadata) => heard.push(['metadata', metadata]));
  room.on(RoomEvent.DataReceived, (payload) => heard.push(['data', new TextDecoder().decode(payload)]));
  room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));
  await room.connect(config.body.livekit.url, livekit.token);
  await room.localParticipant.enableCameraAndMicrophone();
  rooms.set(slug, room);
  return room.localParticipant.identity;
}

globalThis.page = {
  ask,
  heard: () => heard,
  violations: () => violations,
  cookies: () => document.cookie,

  login() {
    location.assign(`${api}authenticate/?silent=false&returnTo=${encodeURIComponent(location.href)}`);
  },

  // join enters a room that this page may see the token of.
  async join(slug, username) {
    const room = await ask('GET', `rooms/${slug}/?username=${encodeURIComponent(username)}`);
    return enter(slug, room.body.livekit);
  },

  // waitInLobby asks until it is let in, and enters.
  async waitInLobby(slug, username) {
    for (;;) {
      const entry = await ask('POST', `rooms/${slug}/request-entry/`, { username });
      if (entry.body.status === 'accepted') return enter(slug, entry.body.livekit);
      if (entry.body.status !== 'waiting') throw new Error(JSON.stringify(entry));
      await new Promise((resolve) => setTimeout(resolve, pollEvery));
    }
  },

  async leave(slug) {
    await rooms.get(slug).disconnect();
    rooms.delete(slug);
  },

  // others are the participants that the page sees, with the tracks that it
  // receives; a video track counts once a picture is there.
  others(slug) {
    return [...rooms.get(slug).remoteParticipants.values()].map((participant) => ({
      identity: participant.identity,
      name: participant.name,
      role: participant.attributes.room_role ?? '',
      tracks: [...participant.trackPublications.values()]
        .filter(({ track }) => track && (track.kind !== 'video' || track.attachedElements.some((e) => e.videoWidth > 0)))
        .map(({ source }) => source)
        .sort(),
    }));
  },

  // breakRules does what the content security policy forbids.
  async breakRules(foreign) {
    const script = document.createElement('script');
    script.textContent = 'globalThis.inlineScriptRan = true';
    document.head.append(script);
    const image = new Image();
    return [
      await fetch(foreign, { mode: 'no-cors' }).then(() => 'sent', () => 'refused'),
      await new Promise((resolve) => {
        Object.assign(image, { onload: () => resolve('sent'), onerror: () => resolve('refused'), src: foreign });
      }),
    ];
  },
};

// The pages for other sites: a button in a frame, and a popup that the button
// opens. The popup tells the frame by its opener, and the frame tells the site.
if (location.pathname === '/sdk/create-popup') opener?.postMessage('created', location.origin);
if (location.pathname === '/sdk/create-button') {
  addEventListener('message', ({ origin, data }) => {
    if (origin === location.origin) parent.postMessage(data, '*');
    else open('/sdk/create-popup');
  });
  parent.postMessage('ready', '*');
}
