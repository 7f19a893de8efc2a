
// ---- the page: sliders, buttons, sphere, heat map, bars. Numbers and sentences come from simulation.js.

const percent = (share) => `${Math.round(100 * share)} %`;
const PARAMETERS = [
  { name: 'sigma', label: 'How much strengths vary (σ)', min: 0, max: 1, step: 0.01, start: 0.1 },
  { name: 'p_alone', label: 'How often a feature is alone', min: 0, max: 0.9, step: 0.01, start: 0, shown: percent },
  { name: 'l1_coeff', label: 'Price of activity (λ)', min: 0.01, max: 0.5, step: 0.01, start: 0.1 },
  { name: 'n_latents', label: 'Latents in each SAE', min: 2, max: 6, step: 1, start: 3, shown: String },
  { name: 'seed', label: 'Random start (seed)', min: 0, max: 20, step: 1, start: 0, shown: String },
];
const PRESETS = {
  'the minimal example': {},
  'bring the atoms back': { sigma: 0.5 },
  'show features alone': { p_alone: 0.4 },
  '2 latents': { n_latents: 2 },
  '6 latents': { n_latents: 6 },
};
const SHOWN = { atomic: 'feature (atom)', composite: 'pair (composite)', mixed: 'neither (mixed)', dead: 'dead' };
const COUNTS = [
  ['pairsOnly', 'pairs only'],
  ['noAtom', 'no single feature'],
  ['allFound', 'all three features'],
  ['anyDead', 'a dead latent'],
];
const BARS = [
  ['trained', 'this SAE'],
  ['pairs', 'three pairs'],
  ['atoms', 'three features'],
  ['bound', 'the least possible'],
];
const STEP = 50; // training steps of the button "Step"
const BUDGET = 9; // milliseconds of training in a frame, which has sixteen
const JUMP = 0.35; // a latent that moves further than this between two records was aimed afresh

const MARKUP = `
<p class="tl-intro"></p>
<p class="tl-presets"></p>
<div class="tl-main">
  <div class="tl-sphere">
    <canvas role="img"></canvas>
    <p class="tl-legend" aria-hidden="true"></p>
  </div>
  <div class="tl-controls">
    <div class="tl-sliders"></div>
    <p class="tl-buttons">
      <button type="button" class="tl-play"></button>
      <button type="button" class="tl-step">Step</button>
      <span class="tl-count"></span>
    </p>
    <div class="tl-progress" aria-hidden="true"><span></span></div>
  </div>
</div>
<output aria-live="polite"></output>
<p class="tl-setting"></p>
<table class="tl-counts"><caption>How many of the ${N_SAES} SAEs have</caption><thead></thead><tbody></tbody></table>
<div class="tl-details">
  <table class="tl-map">
    <caption>The SAE with the lowest loss: cosines of latents with features (label from ${THRESHOLD})</caption>
    <thead></thead><tbody></tbody></table>
  <table class="tl-bars"><caption>Its loss, beside three yardsticks</caption>
    <tbody></tbody></table>
</div>`;

const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** Lambert's map of the sphere, seen from the middle of the corner of A, B and C; the rim lies opposite. */
function onMap(a, b, c) {
  const stretch = Math.sqrt(2 / Math.max(1e-9, 1 + (a + b + c) / Math.sqrt(3)));
  return [stretch * (b - a) / Math.SQRT2, stretch * (2 * c - a - b) / Math.sqrt(6)];
}

/** The points of the map whose cosine with a unit vector is the threshold. */
function ring(centre) {
  const side = centre[0] < 0.9 ? [1, 0, 0] : [0, 1, 0], along = dot(side, centre);
  const first = side.map((value, d) => (value - along * centre[d]) / Math.sqrt(1 - along * along));
  const second = [1, 2, 0].map((d) => centre[d] * first[(d + 1) % 3] - centre[(d + 1) % 3] * first[d]);
  const reach = Math.sqrt(1 - THRESHOLD ** 2);
  return Array.from({ length: 49 }, (_, i) => {
    const turn = 2 * Math.PI * i / 48;
    const aside = (d) => reach * (Math.cos(turn) * first[d] + Math.sin(turn) * second[d]);
    return onMap(...centre.map((value, d) => THRESHOLD * value + aside(d)));
  });
}

/** The ways of all latents on the map go on by a record: thinned out, and told where they are broken. */
function extend(ways, record) {
  let i = 0;
  for (const rows of record) {
    for (let at = 0; at < rows.length; at += 3) {
      const way = ways[i] ??= [], last = way[way.length - 1], [x, y] = onMap(rows[at], rows[at + 1], rows[at + 2]);
      const moved = last ? Math.hypot(x - last[0], y - last[1]) : 1;
      if (moved > 0.02) way.push([x, y, moved > JUMP]);
      i++;
    }
  }
}

/** One live page inside a root element. */
function mount(root) {
  root.dataset.state = 'paused';
  root.dataset.step = 0;
  const place = document.createElement('div');
  place.className = 'tl-card';
  place.setAttribute('role', 'group');
  place.setAttribute('aria-label', `Live experiment: ${N_SAES} sparse autoencoders (SAEs) are trained in this page`);
  place.innerHTML = MARKUP;
  root.append(place);
  const page = { root, place, find: (what) => place.querySelector(what), settings: {}, inputs: {}, turn: 0, tick: 0 };
  addControls(page);
  addSphere(page);
  const still = root.closest('.jp-OutputArea-child')?.previousElementSibling; // JupyterLab: the picture beside it
  if (still?.querySelector('img')) still.style.display = 'none';
  return page;
}

function addControls(page) {
  const { find, inputs } = page;
  for (const { name, label, min, max, step, start } of PARAMETERS) {
    const holder = document.createElement('label');
    holder.innerHTML = `<span>${label}</span> <b></b><input type="range" name="${name}" min="${min}" max="${max}"`
      + ` step="${step}" value="${start}" autocomplete="off" data-lm-suppress-shortcuts="true">`;
    inputs[name] = holder.querySelector('input');
    inputs[name].addEventListener('input', () => restart(page));
    find('.tl-sliders').append(holder);
  }
  find('.tl-presets').append('Try: ');
  for (const [name, preset] of Object.entries(PRESETS)) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: name });
    button.addEventListener('click', () => set(page, preset));
    find('.tl-presets').append(button, ' ');
  }
  for (const button of page.place.querySelectorAll('button')) button.dataset.lmSuppressShortcuts = 'true';
  find('.tl-step').setAttribute('aria-label', `Step: train ${STEP} steps`);
  find('.tl-play').addEventListener('click', () => (page.root.dataset.state === 'training' ? pause(page) : play(page)));
  find('.tl-step').addEventListener('click', () => step(page));
  find('.tl-legend').innerHTML = KINDS.map((kind) => `<span class="tl-${kind}">${SHOWN[kind]}</span>`).join(' ');
}

function addSphere(page) {
  const draw = () => drawSphere(page), dark = matchMedia('(prefers-color-scheme: dark)');
  new ResizeObserver(draw).observe(page.find('.tl-sphere'));
  dark.addEventListener('change', draw);
  const watched = { attributeFilter: ['data-theme', 'data-jp-theme-light', 'class'] };
  const theme = new MutationObserver(draw);
  for (const one of [document.documentElement, document.body]) theme.observe(one, watched);
}

// ---- what a reader does

/** The sliders take the values of a preset; what it does not name is as in the minimal example. */
function set(page, preset) {
  for (const { name, start } of PARAMETERS) page.inputs[name].value = preset[name] ?? start;
  restart(page);
}

/** SAEs before training, for what the sliders say; then they are trained. */
function restart(page) {
  for (const { name, shown = (value) => value.toFixed(2) } of PARAMETERS) {
    const input = page.inputs[name], value = Number(input.value);
    page.settings[name] = value;
    input.setAttribute('aria-valuetext', shown(value));
    input.previousElementSibling.textContent = shown(value);
  }
  page.find('.tl-intro').textContent = introOf(page.settings);
  page.find('.tl-setting').textContent = settingOf(page.settings);
  prepare(page);
  play(page);
}

function prepare(page) {
  page.run = trainingFor(page.settings);
  page.before = tally(assess(page.run));
  page.costs = costsOf(page.run.world, page.run.price);
  page.ways = [];
  page.drawn = 0;
}

function play(page) {
  if (page.run.isDone) prepare(page);
  become(page, 'training');
  later(page);
}

/** The next frame, or soon where frames are not drawn. */
function later(page) {
  const turn = ++page.turn, go = () => page.turn === turn && train(page);
  requestAnimationFrame(go);
  setTimeout(go, 100);
}

function pause(page) {
  page.turn++;
  become(page, page.run.isDone ? 'done' : 'paused');
}

function step(page) {
  if (page.run.isDone) prepare(page);
  page.run.advance(STEP);
  pause(page);
}

/** A frame of training: slow at first, where most happens, and never longer than a frame may take. */
function train(page) {
  page.turn++;
  const { run } = page, calm = matchMedia('(prefers-reduced-motion: reduce)').matches, since = performance.now();
  const wanted = calm ? Infinity : run.step + 3 + run.step / 50;
  do run.advance(Math.min(5, Math.ceil(wanted - run.step)));
  while (run.step < wanted && !run.isDone && performance.now() - since < BUDGET);
  if (run.isDone) return become(page, 'done');
  if (!calm) show(page);
  return later(page);
}

function become(page, state) {
  page.root.dataset.state = state;
  const play = page.find('.tl-play');
  play.textContent = { training: 'Pause', paused: 'Play', done: 'Play again' }[state];
  page.find('.tl-step').disabled = state === 'training';
  page.tick = 0;
  show(page);
  describeSphere(page);
  const { run } = page, seen = tally(page.seen);
  page.find('output').textContent = {
    training: `Training ${N_SAES} SAEs …`,
    paused: `After ${thousands(run.step)} of ${thousands(run.plan.nSteps)} steps: ${findingOf(seen)}`,
    done: findingOf(seen),
  }[state];
}

// ---- what a reader sees

function introOf({ n_latents }) {
  return `${N_SAES} sparse autoencoders (SAEs) are trained in this page, each with ${n_latents} latents. Every dot is a`
    + ' latent, drawn as a direction: inside a blue ring it points at one feature, inside an orange ring at a pair.';
}

function settingOf({ sigma, p_alone, n_latents }) {
  const alone = p_alone > 0 ? `, except that ${percent(p_alone)} of samples hold one alone` : '';
  const vary = sigma > 0 ? 'Their strengths vary around 1.' : 'Their strengths are always 1.';
  const room = {
    '-1': 'There are fewer latents than the three pairs.',
    0: 'There is one latent for each of the three pairs.',
    1: 'There are more latents than the three pairs.',
  }[Math.sign(n_latents - PAIRS.length)];
  return `Two of three features, A, B and C, are present in each sample${alone}. ${vary} ${room}`;
}

function show(page) {
  const { run, root, find } = page;
  root.dataset.step = run.step;
  find('.tl-count').textContent = `${thousands(run.step)} of ${thousands(run.plan.nSteps)} steps`;
  find('.tl-progress span').style.width = `${100 * run.step / run.plan.nSteps}%`;
  while (page.drawn < run.records.length) extend(page.ways, run.records[page.drawn++]);
  if (page.tick++ % 6 === 0) { // tables and labels need not follow every frame
    page.seen = assess(run);
    showTables(page);
  }
  drawSphere(page);
}

function showTables({ seen, before, costs, find }) {
  const best = bestOf(seen), losses = { ...costs, trained: best.loss }, most = Math.max(...Object.values(losses));
  find('.tl-map thead').innerHTML = headOf([...NAMES, 'label']);
  find('.tl-map tbody').innerHTML = readingOrder(best).map(({ row, label }, i) => rowOf(`latent ${i + 1}`,
    `${row.map(heatCell).join('')}<td class="tl-${label.kind}">${nameOf(label)}</td>`)).join('');
  find('.tl-bars tbody').innerHTML = BARS.map(([key, name]) => rowOf(name,
    `<td><span class="tl-bar tl-${key}" style="width:${(100 * losses[key] / most).toFixed(1)}%"></span></td>`
    + `<td>${losses[key].toFixed(4)}</td>`)).join('');
  showCounts(tally(seen), before, find);
}

const rowOf = (name, cells) => `<tr><th scope="row">${name}</th>${cells}</tr>`;
const headOf = (names) => `<tr><td></td>${names.map((name) => `<th scope="col">${name}</th>`).join('')}</tr>`;

function showCounts(now, before, find) {
  const ends = (key) => interval(now[key], now.n).map((end) => Math.round(100 * end)).join('–') + ' %';
  const line = (name, cell) => rowOf(name, COUNTS.map(([key]) => `<td>${cell(key)}</td>`).join(''));
  find('.tl-counts thead').innerHTML = headOf(COUNTS.map(([, name]) => name));
  find('.tl-counts tbody').innerHTML = line('now', (key) => now[key]) + line('95 % interval', ends)
    + line('before training', (key) => before[key]);
}

/** As the heat maps of the chapters: by the features that a latent stands for, dead ones last. */
function readingOrder({ rows, labels }) {
  const place = ({ row, label }) => [
    label.kind === 'dead' ? 1 : 0, ...(label.members.length ? label.members : [row.indexOf(Math.max(...row))])];
  const before = (a, b) => place(a).map((value, i) => value - (place(b)[i] ?? -1)).find((gap) => gap) ?? 0;
  return rows.map((row, i) => ({ row, label: labels[i] })).sort(before);
}

const nameOf = ({ kind, members }) => (members.length ? members.map((i) => NAMES[i]).join('+') : kind);

function heatCell(cosine) {
  const shown = (Math.round(100 * cosine) / 100 + 0).toFixed(2);
  const share = Math.round(100 * Math.min(1, Math.abs(cosine)));
  const look = `tl-${cosine < 0 ? 'minus' : 'plus'}${share > 60 ? ' tl-strong' : ''}`;
  return `<td class="${look}" style="--share:${share}%">${shown}</td>`;
}

/** The sphere as a disc: where A, B, C and their pairs lie, how far each latent has come, and what it is now. */
function drawSphere({ root, find, ways, seen, run }) {
  const canvas = find('canvas'), size = canvas.clientWidth, dense = window.devicePixelRatio || 1;
  if (!seen || !size) return;
  if (canvas.width !== Math.round(size * dense)) canvas.width = canvas.height = Math.round(size * dense);
  const pen = canvas.getContext('2d'), scale = size / 4.3, styles = getComputedStyle(root);
  const colour = (name) => styles.getPropertyValue(`--tl-${name}`).trim();
  pen.setTransform(dense * scale, 0, 0, -dense * scale, dense * size / 2, dense * size / 2);
  pen.clearRect(-3, -3, 6, 6);
  drawTargets(pen, colour, 1 / scale);
  const latents = run.saes.flatMap(({ n, parameters }, i) => Array.from({ length: n }, (_, j) => {
    const row = parameters.subarray(3 * j, 3 * j + 3), isLive = seen[i].labels[j].kind !== 'dead';
    return { kind: labelOf(row, isLive).kind, way: ways[i * n + j], now: onMap(...row) };
  }));
  for (const kind of KINDS) drawKind(pen, colour(kind), 1 / scale, latents.filter((one) => one.kind === kind));
  nameTargets(pen, colour, 1 / scale, styles.fontFamily);
}

/** The sphere in words, for those who cannot see it. */
function describeSphere({ find, seen }) {
  const kinds = seen.flatMap(({ labels }) => labels.map(({ kind }) => kind));
  const count = (kind) => kinds.filter((one) => one === kind).length;
  find('canvas').setAttribute('aria-label', `A sphere with the corners A, B and C. Of ${kinds.length} latents`
    + ` ${count('atomic')} point at a feature, ${count('composite')} at a pair, ${count('mixed')} at neither,`
    + ` and ${count('dead')} are dead.`);
}

const corner = (i) => [0, 1, 2].map((d) => (d === i ? 1 : 0));
const between = (i, j, turn) => corner(i).map((v, d) => v * Math.cos(turn) + corner(j)[d] * Math.sin(turn));
const PLACES = [
  ...NAMES.map((name, i) => ['atomic', corner(i), name]),
  ...PAIRS.map(([i, j]) => ['composite', between(i, j, Math.PI / 4), `${NAMES[i]}+${NAMES[j]}`]),
];

function drawTargets(pen, colour, pixel) {
  const line = (points, ink, width, fill) => {
    pen.beginPath();
    points.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    Object.assign(pen, { strokeStyle: ink, fillStyle: fill ?? ink, lineWidth: width * pixel, globalAlpha: 1 });
    pen.stroke();
    pen.globalAlpha = 0.14;
    if (fill) pen.fill();
  };
  const along = (n, point) => line(Array.from({ length: n + 1 }, (_, i) => point(i)), colour('line'), 1);
  along(96, (i) => [2 * Math.cos(Math.PI * i / 48), 2 * Math.sin(Math.PI * i / 48)]);
  for (const [i, j] of PAIRS) along(24, (k) => onMap(...between(i, j, Math.PI * k / 48)));
  for (const [kind, centre] of PLACES) line(ring(centre), colour(kind), 1, colour(kind));
}

function nameTargets(pen, colour, pixel, family) {
  for (const [, centre, name] of PLACES) {
    const [x, y] = onMap(...centre), far = 1 + 0.5 / Math.hypot(x, y);
    pen.save();
    pen.translate(x * far, y * far);
    pen.scale(pixel, -pixel);
    Object.assign(pen, { font: `600 15px ${family}`, textAlign: 'center', textBaseline: 'middle', globalAlpha: 1 });
    Object.assign(pen, { fillStyle: colour('ink'), strokeStyle: colour('paper'), lineWidth: 4, lineJoin: 'round' });
    pen.strokeText(name, 0, 0);
    pen.fillText(name, 0, 0);
    pen.restore();
  }
}

/** The latents of one kind: a thin way from where each began, and a dot where it is now. */
function drawKind(pen, ink, pixel, latents) {
  Object.assign(pen, { strokeStyle: ink, fillStyle: ink, lineWidth: 0.8 * pixel, globalAlpha: 0.35 });
  pen.beginPath();
  for (const { way, now } of latents) {
    way.forEach(([x, y, isJump], i) => (i === 0 || isJump ? pen.moveTo(x, y) : pen.lineTo(x, y)));
    pen.lineTo(...now);
  }
  pen.stroke();
  pen.globalAlpha = 0.75;
  for (const { now: [x, y] } of latents) {
    pen.beginPath();
    pen.arc(x, y, 3.2 * pixel, 0, 2 * Math.PI);
    pen.fill();
  }
}

// ---- presets that a text links to: #live:sigma=0.5&n_latents=6

function presetIn(hash) {
  if (!hash.startsWith('#live:')) return null;
  const asked = new URLSearchParams(hash.slice('#live:'.length).replace(/%(3D|26)/gi, decodeURIComponent));
  const known = PARAMETERS.map(({ name }) => [name, parseFloat(asked.get(name))]);
  return Object.fromEntries(known.filter(([, value]) => Number.isFinite(value)));
}

/** The first live page of a document follows its address, and links that lead to it. */
function followLinks(page) {
  const follow = (hash) => {
    const preset = presetIn(hash);
    if (!preset || !page.root.isConnected) return false;
    set(page, preset);
    page.root.scrollIntoView({ block: 'start' });
    return true;
  };
  addEventListener('hashchange', () => follow(location.hash));
  addEventListener('click', (event) => { // the same link twice changes no address
    const link = event.target.closest?.('a[href*="#live:"]');
    if (link && link.href === location.href) follow(link.hash);
  });
  return follow(location.hash);
}

for (const root of document.querySelectorAll('.toysae-live:not([data-state])')) {
  const isFirst = !document.querySelector('.toysae-live[data-state]'), page = mount(root);
  if (!(isFirst && followLinks(page))) set(page, {});
}
