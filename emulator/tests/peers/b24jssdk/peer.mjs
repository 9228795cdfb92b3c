// @bitrix24/b24jssdk as a webhook, as an application, and as a page that listens to Push & Pull.

import assert from 'node:assert/strict'

// The Push & Pull client is made for pages; a window is all that it misses here.
globalThis.window ??= Object.assign(new EventTarget(), { WebSocket: globalThis.WebSocket })

const { B24Hook, B24OAuth, B24PullClientManager } = await import('@bitrix24/b24jssdk')

const { PEER_WEBHOOK, PEER_ORIGIN, PEER_CLIENT_ID, PEER_CLIENT_SECRET } = process.env

let passed = 0
let failed = 0
async function test(name, run) {
  try {
    await run()
    passed += 1
    console.log(`ok   ${name}`)
  } catch (error) {
    failed += 1
    console.log(`FAIL ${name}\n${error?.stack ?? error}`)
  }
}

/** What comes within ten seconds. */
function within(promise, what) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), 10_000)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}

/** Tokens as an application gets them: the authorisation page, then the exchange of its code. */
async function authorised() {
  const page = new URL('/oauth/authorize/', PEER_ORIGIN)
  page.search = new URLSearchParams({ client_id: PEER_CLIENT_ID, state: 'peer' })
  const sent = await fetch(page, { redirect: 'manual' })
  assert.equal(sent.status, 302)
  const back = new URL(sent.headers.get('location'))
  assert.equal(back.searchParams.get('state'), 'peer')
  const exchange = new URL('/oauth/token/', PEER_ORIGIN)
  exchange.search = new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: PEER_CLIENT_ID,
    client_secret: PEER_CLIENT_SECRET,
    code: back.searchParams.get('code')
  })
  const answer = await fetch(exchange)
  assert.equal(answer.status, 200)
  return answer.json()
}

function application(pair, expires = pair.expires) {
  return new B24OAuth({
    applicationToken: '',
    userId: pair.user_id,
    memberId: pair.member_id,
    accessToken: pair.access_token,
    refreshToken: pair.refresh_token,
    expires,
    expiresIn: pair.expires_in,
    scope: pair.scope,
    domain: new URL(pair.client_endpoint).host,
    clientEndpoint: pair.client_endpoint,
    serverEndpoint: pair.server_endpoint,
    status: pair.status
  }, { clientId: PEER_CLIENT_ID, clientSecret: PEER_CLIENT_SECRET })
}

const hook = B24Hook.fromWebhookUrl(PEER_WEBHOOK)
hook.offClientSideWarning()

await test('a webhook calls a method', async () => {
  const answer = await hook.actions.v2.call.make({ method: 'profile', params: {} })
  assert.ok(answer.isSuccess, answer.getErrorMessages().join())
  assert.equal(answer.getData().result.ID, '1')
  assert.equal(typeof answer.getData().time.duration, 'number')
})

await test('an error has the code of the server', async () => {
  const code = await hook.actions.v2.call.make({ method: 'pull.application.config.get', params: {} })
    .then((answer) => [...answer.getErrors()].map((error) => error.code).join(), (error) => error.code)
  assert.equal(code, 'WRONG_AUTH_TYPE')
})

await test('a batch with names, with a reference and with an item that fails', async () => {
  const answer = await hook.actions.v2.batch.make({
    calls: {
      me: { method: 'user.current', params: {} },
      again: { method: 'user.get', params: { ID: '$result[me][ID]' } },
      wrong: { method: 'no.such.method', params: {} }
    },
    options: { isHaltOnError: false, returnAjaxResult: true }
  })
  const items = answer.getData()
  assert.equal(items.me.getData().result.ID, '1')
  assert.equal(items.again.getData().result[0].ID, '1')
  assert.equal(items.wrong.isSuccess, false)
})

await test('a batch of a list of calls in chunks', async () => {
  const calls = Array.from({ length: 60 }, (_, at) => ['crm.lead.get', { id: at + 1 }])
  const answer = await hook.actions.v2.batchByChunk.make({ calls, options: { isHaltOnError: true } })
  assert.ok(answer.isSuccess, answer.getErrorMessages().join())
  const titles = answer.getData().map((lead) => lead.TITLE)
  assert.deepEqual(titles, calls.map(([, params]) => `Lead ${params.id}`))
})

await test('a whole list, and a list page by page', async () => {
  const whole = await hook.actions.v2.callList.make({
    method: 'crm.lead.list', params: { select: ['ID'] }, idKey: 'ID'
  })
  assert.ok(whole.isSuccess, whole.getErrorMessages().join())
  assert.equal(whole.getData().length, 120)
  const sizes = []
  for await (const page of hook.actions.v2.fetchList.make({
    method: 'crm.lead.list', params: { select: ['ID'], filter: { '<=ID': 110 } }, idKey: 'ID'
  })) {
    sizes.push(page.length)
  }
  assert.deepEqual(sizes, [50, 50, 10])
})

await test('an application calls with its token', async () => {
  const app = application(await authorised())
  app.offClientSideWarning()
  const answer = await app.actions.v2.call.make({ method: 'app.info', params: {} })
  assert.equal(answer.getData().result.CODE, PEER_CLIENT_ID)
})

await test('an expired token is refreshed, once for each refresh token', async () => {
  const pair = await authorised()
  const app = application(pair, 1)
  app.offClientSideWarning()
  const refreshed = []
  app.setCallbackRefreshAuth(async ({ b24OAuthParams }) => { refreshed.push({ ...b24OAuthParams }) })
  const answer = await app.actions.v2.call.make({ method: 'profile', params: {} })
  assert.ok(answer.isSuccess, answer.getErrorMessages().join())
  assert.equal(refreshed.length, 1)
  assert.notEqual(refreshed[0].refreshToken, pair.refresh_token)
  const used = application(pair, 1)
  used.offClientSideWarning()
  await assert.rejects(used.auth.refreshAuth(), (error) => error.code === 'invalid_grant')
})

await test('a page hears an RT event over Push & Pull', async () => {
  const app = application(await authorised())
  app.offClientSideWarning()
  const pull = new B24PullClientManager({ b24: app, restApplication: PEER_CLIENT_ID, userId: 1, skipStorageInit: true })
  try {
    const heard = new Promise((resolve) => {
      pull.subscribe({ moduleId: 'application', callback: resolve })
    })
    await within(pull.start(), 'the connection')
    const sent = await app.actions.v2.call.make({
      method: 'pull.application.event.add',
      params: { COMMAND: 'order_new', PARAMS: { id: 15 } }
    })
    assert.equal(sent.getData().result, true)
    const event = await within(heard, 'the event')
    assert.equal(event.command, 'order_new')
    assert.deepEqual(event.params, { id: 15 })
  } finally {
    pull.destroy()
  }
})

console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
