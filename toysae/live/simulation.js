// Numbers only: the world of the minimal example, its training, and what is counted. The same as toysae in Python,
// in float64: tests/live holds both against each other. Nothing here knows of a page.
//
// A latent's row and its encoder are three numbers each, written out, and an SAE is one flat Float64Array:
// n decoder rows, n encoder columns, n biases. Nothing is allocated while it trains.

const NAMES = ['A', 'B', 'C'];
const PAIRS = [[0, 1], [0, 2], [1, 2]];
const MU = 1;
const N_LEVELS = 7; // magnitudes per feature, equally likely
const THRESHOLD = 0.95; // cosine from which on a latent counts as aligned
const N_SAES = 64;
const PLAN = { nSteps: 3000, lr: 0.01, nResamplings: 10, recordEvery: 10 };
const BETA_1 = 0.9, BETA_2 = 0.999, EPSILON = 1e-8; // Adam's usual constants
const KINDS = ['atomic', 'composite', 'mixed', 'dead'];

// ---- the world

const density = (t) => Math.exp(-t * t / 2) / Math.sqrt(2 * Math.PI);

/** The standard normal distribution up to t, by its power series. */
function below(t) {
  if (Math.abs(t) > 8) return t > 0 ? 1 : 0;
  let sum = t, term = t;
  for (let i = 3; Math.abs(term) > 1e-18; i += 2) sum += term *= t * t / i;
  return 0.5 + sum * density(t);
}

/** Where the standard normal distribution reaches p, by Newton's method. */
function quantile(p) {
  if (p <= 0 || p >= 1) return p <= 0 ? -Infinity : Infinity;
  let t = 0;
  for (let i = 0; i < 50; i++) t -= (below(t) - p) / density(t);
  return t;
}

/** Means of max(0, mu + sigma normal) within equally likely slices, ascending. */
function magnitudeLevels(sigma, nLevels = N_LEVELS) {
  if (!(sigma > 0)) return [MU];
  const integral = (p) => {
    const t = Math.max(quantile(p), -MU / sigma);
    return MU * below(t) - sigma * density(t);
  };
  return Array.from({ length: nLevels }, (_, i) => nLevels * (integral((i + 1) / nLevels) - integral(i / nLevels)));
}

/** All data points, three numbers each, and their probabilities: two features fire, or with p_alone a single one. */
function worldOf({ sigma, p_alone }) {
  const levels = magnitudeLevels(sigma), x = [], weights = [];
  const add = (point, weight) => { x.push(...point); weights.push(weight); };
  for (const [first, second] of PAIRS) {
    for (const a of levels) {
      for (const b of levels) {
        add(NAMES.map((_, i) => (i === first ? a : i === second ? b : 0)), (1 - p_alone) / 3 / levels.length ** 2);
      }
    }
  }
  for (let i = 0; i < 3 && p_alone > 0; i++) {
    for (const a of levels) add(NAMES.map((_, j) => (j === i ? a : 0)), p_alone / 3 / levels.length);
  }
  return { x: Float64Array.from(x), weights: Float64Array.from(weights) };
}

// ---- chance: the same seed gives the same numbers in every browser

/** Uniform numbers in [0, 1), by Chris Doty-Humphrey's sfc32. */
function uniforms(seed, stream) {
  let a = seed | 0, b = stream | 0, c = 2654435769 | 0, count = 1;
  const next = () => {
    const sum = (a + b | 0) + count | 0;
    count = count + 1 | 0;
    a = b ^ b >>> 9;
    b = c + (c << 3) | 0;
    c = (c << 21 | c >>> 11) + sum | 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 20; i++) next();
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}

/** Unit rows uniform on the sphere, three numbers each. */
function randomRows(nLatents, seed) {
  const uniform = uniforms(seed, 0), rows = new Float64Array(3 * nLatents);
  for (let i = 0; i < nLatents; i++) {
    const up = 2 * uniform() - 1, turn = 2 * Math.PI * uniform(), across = Math.sqrt(1 - up * up);
    rows.set([across * Math.cos(turn), across * Math.sin(turn), up], 3 * i);
  }
  return rows;
}

/** What decides where the dead latents of an SAE go: nResamplings times nLatents uniform numbers. */
function randomDraws(nLatents, seed, nResamplings = PLAN.nResamplings) {
  const uniform = uniforms(seed, 1);
  return Float64Array.from({ length: nResamplings * nLatents }, uniform);
}

// ---- training

/** One SAE before training: the encoder is the decoder transposed, biases are zero. */
function untrained(rows, draws) {
  const n = rows.length / 3, parameters = new Float64Array(7 * n);
  parameters.set(rows);
  parameters.set(rows, 3 * n);
  const zeros = () => new Float64Array(7 * n);
  return {
    n, parameters, draws, slope: zeros(), mean: zeros(), square: zeros(),
    z: new Float64Array(n), largest: new Float64Array(n),
  };
}

/** Fills the slope of an SAE's loss, and remembers how strongly each latent fired at most. */
function differentiate(sae, { x, weights }, price) {
  const { n, parameters: p, slope: g, z, largest } = sae, encoder = 3 * n, bias = 6 * n;
  g.fill(0);
  for (let i = 0, at = 0; i < weights.length; i++, at += 3) {
    const a = x[at], b = x[at + 1], c = x[at + 2], weight = weights[i];
    let ra = -a, rb = -b, rc = -c; // the reconstruction less the point
    for (let j = 0, row = 0, e = encoder; j < n; j++, row += 3, e += 3) {
      const pre = a * p[e] + b * p[e + 1] + c * p[e + 2] + p[bias + j];
      z[j] = pre > 0 ? pre : 0;
      if (pre > 0) {
        if (pre > largest[j]) largest[j] = pre;
        ra += pre * p[row];
        rb += pre * p[row + 1];
        rc += pre * p[row + 2];
      }
    }
    ra *= weight;
    rb *= weight;
    rc *= weight;
    for (let j = 0, row = 0, e = encoder; j < n; j++, row += 3, e += 3) {
      if (!(z[j] > 0)) continue;
      g[row] += z[j] * ra;
      g[row + 1] += z[j] * rb;
      g[row + 2] += z[j] * rc;
      const back = ra * p[row] + rb * p[row + 1] + rc * p[row + 2] + price * weight;
      g[e] += back * a;
      g[e + 1] += back * b;
      g[e + 2] += back * c;
      g[bias + j] += back;
    }
  }
}

/** Takes the part of each row's slope that points along the row out of it: rows move on the sphere only. */
function project({ n, parameters: p, slope: g }) {
  for (let row = 0; row < 3 * n; row += 3) {
    const along = g[row] * p[row] + g[row + 1] * p[row + 1] + g[row + 2] * p[row + 2];
    g[row] -= along * p[row];
    g[row + 1] -= along * p[row + 1];
    g[row + 2] -= along * p[row + 2];
  }
}

function adam({ parameters: p, slope: g, mean, square }, step, lr) {
  const stretch = 1 / Math.sqrt(1 - BETA_2 ** (step + 1)), rate = lr / (1 - BETA_1 ** (step + 1));
  for (let i = 0; i < p.length; i++) {
    mean[i] += (1 - BETA_1) * (g[i] - mean[i]);
    square[i] = BETA_2 * square[i] + (1 - BETA_2) * g[i] * g[i];
    p[i] -= rate * mean[i] / (Math.sqrt(square[i]) * stretch + EPSILON);
  }
}

function renormalise({ n, parameters: p }) {
  for (let row = 0; row < 3 * n; row += 3) {
    const length = Math.sqrt(p[row] * p[row] + p[row + 1] * p[row + 1] + p[row + 2] * p[row + 2]);
    p[row] /= length;
    p[row + 1] /= length;
    p[row + 2] /= length;
  }
}

/** What an SAE leaves of point i, and what the point costs; sae.z becomes the activations. */
function explain({ n, parameters: p, z }, { x }, price, i) {
  const a = x[3 * i], b = x[3 * i + 1], c = x[3 * i + 2];
  let ra = a, rb = b, rc = c, active = 0;
  for (let j = 0, row = 0, e = 3 * n; j < n; j++, row += 3, e += 3) {
    z[j] = Math.max(0, a * p[e] + b * p[e + 1] + c * p[e + 2] + p[6 * n + j]);
    active += z[j];
    ra -= z[j] * p[row];
    rb -= z[j] * p[row + 1];
    rc -= z[j] * p[row + 2];
  }
  return { rest: [ra, rb, rc], cost: (ra * ra + rb * rb + rc * rc) / 2 + price * active };
}

/** Aims every latent that has not fired since the last time at what is left of a badly explained point. */
function resample(sae, world, price, number) {
  const { n, parameters: p, largest, draws } = sae;
  const isDead = Array.from(largest, (most) => most === 0);
  largest.fill(0);
  if (!isDead.includes(true)) return;
  let total = 0;
  const explained = Array.from(world.weights, (_, i) => explain(sae, world, price, i));
  const cumulated = explained.map(({ cost }, i) => (total += cost * world.weights[i]));
  for (let j = 0; j < n; j++) {
    const reached = draws[number * n + j] * total, found = cumulated.findIndex((sum) => sum >= reached);
    const { rest } = explained[found < 0 ? explained.length - 1 : found], length = Math.hypot(...rest);
    if (!isDead[j] || !(length > 1e-6)) continue;
    const row = rest.map((value) => value / length);
    for (const [place, values] of [[3 * j, row], [3 * n + 3 * j, row], [6 * n + j, [0]]]) {
      p.set(values, place);
      sae.mean.fill(0, place, place + values.length);
      sae.square.fill(0, place, place + values.length);
    }
  }
}

/** Step -> number of the resampling that follows it: evenly spread over the first half. */
function resamplings({ nSteps, nResamplings }) {
  const half = Math.floor(nSteps / 2), moments = new Map();
  for (let i = 0; i < nResamplings; i++) {
    const moment = Math.floor(half * (i + 1) / nResamplings);
    if (moment > 0) moments.set(moment, i);
  }
  return moments;
}

/** SAEs in training. `advance` trains all of them by some steps; `records` holds their rows every so often. */
function trainingOf(world, price, starts, plan = PLAN) {
  const saes = starts.map(([rows, draws]) => untrained(rows, draws)), moments = resamplings(plan);
  const run = { world, price, plan, saes, step: 0, records: [], isDone: false };
  const once = (sae, step) => {
    differentiate(sae, world, price);
    project(sae);
    adam(sae, step, plan.lr * Math.min(1, 2 * (1 - step / plan.nSteps)));
    renormalise(sae);
    if (moments.has(step + 1)) resample(sae, world, price, moments.get(step + 1));
  };
  const record = () => {
    run.records.push(saes.map(({ n, parameters }) => parameters.slice(0, 3 * n)));
  };
  run.advance = (nSteps) => {
    const end = Math.min(run.step + nSteps, plan.nSteps);
    while (run.step < end) {
      const next = Math.min(end, run.step + plan.recordEvery - run.step % plan.recordEvery);
      for (const sae of saes) for (let step = run.step; step < next; step++) once(sae, step);
      run.step = next;
      if (next % plan.recordEvery === 0 || next === plan.nSteps) record();
    }
    run.isDone = run.step >= plan.nSteps;
  };
  record();
  return run;
}

/** The training that a setting asks for. */
function trainingFor(settings) {
  const { l1_coeff, n_latents, seed } = settings;
  const seeds = Array.from({ length: N_SAES }, (_, i) => seed * N_SAES + i);
  const starts = seeds.map((own) => [randomRows(n_latents, own), randomDraws(n_latents, own)]);
  return trainingOf(worldOf(settings), l1_coeff, starts);
}

// ---- what is counted

/** The label of a row: its kind, and the features that it stands for. */
function labelOf(row, isLive) {
  if (!isLive) return { kind: 'dead', members: [] };
  const order = [0, 1, 2].sort((i, j) => row[j] - row[i]);
  if (row[order[0]] >= THRESHOLD) return { kind: 'atomic', members: [order[0]] };
  const both = (row[order[0]] + row[order[1]]) / Math.SQRT2;
  return both >= THRESHOLD ? { kind: 'composite', members: order.slice(0, 2).sort() } : { kind: 'mixed', members: [] };
}

/** Loss, rows and labels of every SAE. */
function assess({ saes, world, price }) {
  return saes.map((sae) => {
    const { n, parameters } = sae, isLive = new Array(n).fill(false);
    let loss = 0;
    for (let i = 0; i < world.weights.length; i++) {
      loss += world.weights[i] * explain(sae, world, price, i).cost;
      for (let j = 0; j < n; j++) isLive[j] ||= sae.z[j] > 0;
    }
    const rows = isLive.map((_, j) => Array.from(parameters.subarray(3 * j, 3 * j + 3)));
    return { loss, rows, labels: rows.map((row, j) => labelOf(row, isLive[j])) };
  });
}

/** How many SAEs are how. */
function tally(seen) {
  const count = (holds) => seen.filter(({ labels }) => holds(labels.map(({ kind }) => kind), labels)).length;
  return {
    n: seen.length,
    pairsOnly: count((kinds) => kinds.every((kind) => kind === 'composite')),
    noAtom: count((kinds) => !kinds.includes('atomic')),
    allFound: count((kinds, labels) => features(labels, 'atomic').size === 3),
    allAndPairs: count((kinds, labels) => features(labels, 'atomic').size === 3 && kinds.includes('composite')),
    both: count((kinds) => kinds.includes('atomic') && kinds.includes('composite')),
    anyDead: count((kinds) => kinds.includes('dead')),
  };
}

const features = (labels, kind) => new Set(labels.filter((one) => one.kind === kind).map(({ members }) => members[0]));

/** The SAE with the lowest loss; losses within a thousandth count as the same, and the first of those is taken. */
function bestOf(seen) {
  const least = Math.min(...seen.map(({ loss }) => loss));
  return seen.find(({ loss }) => loss <= least * 1.001);
}

/** Both ends of the 95 % Wilson interval of k of n. */
function interval(k, n) {
  const z = 1.959963984540054, share = k / n, middle = share + z * z / (2 * n), width = 1 + z * z / n;
  const reach = z * Math.sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  return [k === 0 ? 0 : (middle - reach) / width, k === n ? 1 : (middle + reach) / width];
}

/** "most" if the whole interval of k of n lies above one half, "fewer" if it lies below, else "undecided". */
function judged(k, n) {
  const [low, high] = interval(k, n);
  return low > 0.5 ? 'most' : high < 0.5 ? 'fewer' : 'undecided';
}

/** What came out, in one sentence: the first of these cases that the counts allow. */
function findingOf({ n, pairsOnly, noAtom, allFound, allAndPairs, both, anyDead }) {
  const most = (k) => judged(k, n) === 'most', some = (k) => (k === n ? `All ${n}` : `${k} of ${n}`);
  const said = (words, k, more) => words[k] ?? `${k} ${more}`;
  const anAtom = 'a latent for a single feature', hasAtom = n - noAtom;
  if (most(pairsOnly)) {
    const rest = said(['not one has', 'one has'], hasAtom, 'have');
    return `${some(pairsOnly)} SAEs learned nothing but pairs; ${rest} ${anAtom}.`;
  }
  if (most(allFound)) {
    const also = allAndPairs ? `; ${said(['', 'one holds'], allAndPairs, 'hold')} a pair as well` : '';
    return `${some(allFound)} SAEs found all three features, with a latent for each${also}.`;
  }
  if (most(both)) return `${some(both)} SAEs hold both, ${anAtom} and a latent for a pair.`;
  if (most(hasAtom)) {
    const whole = said(['none found', 'one found'], allFound, 'found');
    return `${some(hasAtom)} SAEs have ${anAtom}, but ${whole} all three.`;
  }
  if (most(anyDead)) return `${some(anyDead)} SAEs have a dead latent, which never fires, so they say little.`;
  if (most(noAtom)) {
    const pure = said(['none consists', 'one consists'], pairsOnly, 'consist');
    const lack = noAtom === n ? `None of the ${n} SAEs has` : `${noAtom} of ${n} SAEs do not have`;
    return `${lack} ${anAtom}, but ${pure} of pairs only.`;
  }
  return `Undecided: ${pairsOnly} of ${n} SAEs learned nothing but pairs, ${hasAtom} of ${n} have ${anAtom}.`;
}

// ---- what training is compared with

/** What three rows cost when every point gets the best activations: the best of all choices of latents that fire. */
function dictionaryCost(rows, { x, weights }, price) {
  let total = 0;
  weights.forEach((weight, i) => {
    const point = x.subarray(3 * i, 3 * i + 3);
    let least = Infinity;
    for (let chosen = 0; chosen < 8; chosen++) {
      least = Math.min(least, costOfChoice(rows.filter((_, j) => chosen >> j & 1), point, price));
    }
    total += weight * least;
  });
  return total;
}

const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** What a point costs with these rows at their best; infinite if one of them would have to be negative. */
function costOfChoice(rows, point, price) {
  const z = solve(rows.map((row) => rows.map((other) => dot(row, other))), rows.map((row) => dot(row, point) - price));
  if (z.some((value) => value < 0)) return Infinity;
  const rest = [0, 1, 2].map((d) => rows.reduce((left, row, j) => left - z[j] * row[d], point[d]));
  return dot(rest, rest) / 2 + price * z.reduce((sum, value) => sum + value, 0);
}

/** The solution of a small system with a positive definite matrix, by elimination. */
function solve(matrix, right) {
  const n = right.length, table = matrix.map((row, i) => [...row, right[i]]);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const share = table[k][i] / table[i][i];
      for (let j = i; j <= n; j++) table[k][j] -= share * table[i][j];
    }
  }
  return table.map((row, i) => row[n] / row[i]);
}

/** What the features, the pairs, and at best any SAE without a decoder bias have to pay. */
function costsOf(world, price) {
  const unit = (members, length) => [0, 1, 2].map((i) => (members.includes(i) ? 1 / length : 0));
  let bound = 0;
  world.weights.forEach((weight, i) => {
    const point = world.x.subarray(3 * i, 3 * i + 3), length = Math.sqrt(dot(point, point));
    bound += weight * (length < price ? length ** 2 / 2 : price * length - price ** 2 / 2);
  });
  return {
    atoms: dictionaryCost([0, 1, 2].map((i) => unit([i], 1)), world, price),
    pairs: dictionaryCost(PAIRS.map((pair) => unit(pair, Math.SQRT2)), world, price),
    bound,
  };
}
