// Draws charts, follows rows and listens to the keyboard. Everything else is links and forms, which htmx follows without
// a new page. Values of rows only ever arrive here inside attributes and text of HTML that the server has escaped, or as
// numbers and labels that are drawn on a canvas.
'use strict';
(() => {
  // A logarithm has no zero.
  const SHORTEST_SECONDS = 0.0001;
  const MOST_ROWS = 300;
  const REFRESH_MILLIS = 3000;
  const AGAIN_MILLIS = 2000;
  const byId = (id) => document.getElementById(id);

  const signedOut = document.body.dataset.signedOut;
  if (signedOut) {
    // A link from another site comes without the cookie, which is for this site alone; asked from here, it is sent.
    fetch(signedOut, {credentials: 'same-origin'}).then((answer) => {
      if (answer.status === 204) {
        location.reload();
      }
    });
    return;
  }

  // Whoever steps through the history while a document loads is heard by nobody: its address moves on, its answer does not.
  document.addEventListener('DOMContentLoaded', () => {
    const [loaded] = performance.getEntriesByType('navigation');
    if (loaded && loaded.name.split('#')[0] !== location.href.split('#')[0]) {
      location.reload();
    }
  });

  // ---- charts ------------------------------------------------------------------------------------------------------

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const drawn = new Map();

  const draw = (id, config) => {
    const canvas = byId(id);
    const before = drawn.get(id);
    if (before && before.canvas === canvas) {
      return;
    }
    if (before) {
      before.destroy();
      drawn.delete(id);
    }
    if (canvas) {
      drawn.set(id, new Chart(canvas, config(JSON.parse(canvas.dataset.plot))));
    }
  };

  const redraw = () => {
    drawn.forEach((chart) => chart.destroy());
    drawn.clear();
    drawAll();
  };

  const marks = (list) => ({
    id: 'marks',
    afterDatasetsDraw(chart) {
      const {ctx, chartArea, scales} = chart;
      ctx.save();
      ctx.strokeStyle = colour('quiet');
      ctx.fillStyle = colour('text');
      ctx.setLineDash([3, 3]);
      ctx.font = '11px system-ui, sans-serif';
      for (const mark of list) {
        const x = scales.x.getPixelForValue(mark.at);
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
        ctx.fillText(mark.text, x + 3, chartArea.top + 9);
      }
      ctx.restore();
    },
  });

  const histogram = (plot) => ({
    type: 'bar',
    data: {
      labels: plot.labels,
      datasets: plot.sets.map((set) => ({
        label: set.name, data: set.values, backgroundColor: colour(set.key), categoryPercentage: 1, barPercentage: 0.92,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: {mode: 'index', intersect: false},
      plugins: {legend: {display: false}},
      scales: {
        x: {stacked: true, grid: {display: false}, ticks: {color: colour('quiet'), maxRotation: 0, autoSkipPadding: 16}},
        y: {stacked: true, beginAtZero: true, grid: {color: colour('line')},
          ticks: {color: colour('quiet'), precision: 0, maxTicksLimit: 5}},
      },
      onClick: (event, hits) => {
        const link = hits.length ? document.querySelector('[data-bar="' + hits[0].index + '"]') : null;
        if (link) {
          link.click();
        }
      },
    },
    plugins: [marks(plot.marks)],
  });

  // To the right each unit is a tenth of the requests that are left: 0.9 at 1, 0.99 at 2, 0.999 at 3.
  const nines = (quantile) => -Math.log10(1 - quantile);
  const seconds = (value) => value >= 1 ? value + ' s' : Number((value * 1000).toPrecision(3)) + ' ms';
  const points = ['circle', 'rect', 'triangle', 'rectRot', 'cross', 'star', 'crossRot', 'dash'];

  const percentiles = (plot) => ({
    type: 'line',
    data: {
      datasets: plot.sets.map((set, index) => ({
        label: set.name,
        data: set.values.map((value, at) => ({x: nines(plot.quantiles[at]), y: Math.max(value, SHORTEST_SECONDS)})),
        borderColor: colour(set.key),
        backgroundColor: colour(set.key),
        pointStyle: points[index % points.length],
        borderWidth: 2,
        pointRadius: 4,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      parsing: false,
      layout: {padding: {right: 16}},
      plugins: {
        legend: {position: 'bottom', labels: {color: colour('text'), usePointStyle: true}},
        tooltip: {callbacks: {
          title: (items) => 'p' + Number((100 * (1 - Math.pow(10, -items[0].parsed.x))).toFixed(3)),
          label: (item) => item.dataset.label + ': ' + seconds(item.parsed.y),
        }},
      },
      scales: {
        x: {type: 'linear', min: 0, max: 4, grid: {color: colour('line')},
          afterBuildTicks: (axis) => { axis.ticks = [0, nines(0.5), 1, 2, 3, 4].map((value) => ({value})); },
          ticks: {color: colour('quiet'), callback: (value) => 'p' + Number((100 * (1 - Math.pow(10, -value))).toFixed(2))}},
        y: {type: 'logarithmic', grid: {color: colour('line')},
          ticks: {color: colour('quiet'), maxTicksLimit: 8, callback: seconds}},
      },
    },
  });

  const drawAll = () => {
    draw('histogram', histogram);
    draw('percentiles', percentiles);
  };

  // ---- live rows ---------------------------------------------------------------------------------------------------

  let source = null;
  let followed = '';
  let fresh = 0;
  let wasOpen = false;
  let refreshing = 0;
  const say = (text) => { byId('news').textContent = text; };
  const fetchPart = (selector) =>
    htmx.ajax('GET', location.pathname + location.search, {target: selector, select: selector, swap: 'outerHTML show:none'});

  const refresh = (selector) => {
    if (!refreshing) {
      refreshing = setTimeout(() => {
        refreshing = 0;
        fetchPart(selector);
      }, REFRESH_MILLIS);
    }
  };

  const add = (html) => {
    const rows = byId('rows');
    if (!rows) {
      fetchPart('#page');
      return;
    }
    const parsed = document.createElement('template');
    parsed.innerHTML = html;
    const line = parsed.content.querySelector('tr');
    if (!line || rows.querySelector('[data-row="' + CSS.escape(line.dataset.row) + '"]')) {
      return;
    }
    line.classList.add('is-new');
    rows.prepend(line);
    htmx.process(line);
    setTimeout(() => line.classList.remove('is-new'), REFRESH_MILLIS);
    while (rows.querySelectorAll('tr.line:not(.is-open)').length > MOST_ROWS) {
      const last = [...rows.querySelectorAll('tr.line:not(.is-open)')].pop();
      last.remove();
    }
    fresh += 1;
    say(fresh + (fresh === 1 ? ' new row' : ' new rows'));
    refresh('#overview');
  };

  const follow = () => {
    const answer = byId('answer');
    const wanted = answer && answer.dataset.tail ? answer.dataset.tail : '';
    if (source && wanted === followed && source.readyState !== EventSource.CLOSED) {
      return;
    }
    if (source) {
      source.close();
      source = null;
    }
    followed = wanted;
    fresh = 0;
    wasOpen = false;
    if (!wanted) {
      return;
    }
    source = new EventSource(wanted);
    source.addEventListener('open', () => {
      byId('live')?.setAttribute('data-open', 'true');
    });
    source.addEventListener('open-rows', () => {
      if (wasOpen) {
        // Rows of the time between are in the store only.
        fetchPart('#answer');
      }
      wasOpen = true;
      byId('live')?.setAttribute('data-following', 'true');
    });
    source.addEventListener('row', (event) => add(event.data));
    source.addEventListener('skipped', (event) => {
      const live = byId('live');
      if (live) {
        live.textContent = event.data + ' rows came too fast to be shown';
      }
    });
  };

  // ---- keyboard ----------------------------------------------------------------------------------------------------

  const rowLinks = () => [...document.querySelectorAll('a.open')];
  const step = (by) => {
    const links = rowLinks();
    const at = links.indexOf(document.activeElement);
    const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + by))];
    if (next) {
      next.focus();
    }
  };
  const help = () => {
    const dialog = byId('help');
    if (!dialog.open) {
      dialog.showModal();
    }
  };

  document.addEventListener('keydown', (event) => {
    const inField = event.target.closest('input, select, textarea, dialog');
    if (event.key === 'Escape' && inField && event.target.matches('input')) {
      // Browsers would empty the field, whose filter still counts.
      event.preventDefault();
      event.target.blur();
      return;
    }
    if (inField || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const does = {
      '/': () => { byId('filter')?.focus(); byId('filter')?.select(); },
      't': () => byId('tail')?.click(),
      'j': () => step(1),
      'k': () => step(-1),
      '?': help,
    }[event.key] || (/^[1-4]$/.test(event.key) ? () => byId('tab-' + event.key)?.click() : null);
    if (does) {
      event.preventDefault();
      does();
    }
  });

  // ---- page --------------------------------------------------------------------------------------------------------

  const settle = () => {
    drawAll();
    follow();
    const wrong = document.querySelector('[data-column]');
    if (wrong && Number(wrong.dataset.column) > 0 && !wrong.dataset.seen) {
      wrong.dataset.seen = 'true';
      wrong.focus();
      const at = Number(wrong.dataset.column) - 1;
      wrong.setSelectionRange(at, at);
    }
    const again = byId('again');
    if (again && !again.dataset.asked) {
      again.dataset.asked = 'true';
      setTimeout(() => fetchPart('#page'), AGAIN_MILLIS);
    }
  };

  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-submit], #since')) {
      event.target.form.requestSubmit();
    }
  });
  byId('help-button').addEventListener('click', help);
  document.addEventListener('htmx:afterSettle', settle);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  addEventListener('pagehide', () => source?.close());
  settle();
})();
