/* The monitor's charts, drawn from the JSON that comes with the page and with each refresh of it. */
(() => {
  const CURVES = {
    rates: ["accepted", "others"],
    times: ["lateness", "claims"],
  };
  const COLOURS = ["--color-primary-600", "--color-orange-500"];

  const read = () => JSON.parse(document.getElementById("monitor-history").textContent);

  const colour = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  const draw = (canvas, history) => {
    const labels = [canvas.dataset.first, canvas.dataset.second];
    const datasets = CURVES[canvas.dataset.monitorChart].map((name, index) => ({
      name,
      label: labels[index],
      data: history[name],
      borderColor: colour(COLOURS[index]),
      borderWidth: 2,
      pointRadius: 0,
      pointHitRadius: 8,
      tension: 0,
    }));
    const grey = "#9ca3af";
    new Chart(canvas, {
      type: "line",
      data: { labels: history.labels, datasets },
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        plugins: { legend: { display: false } },
        scales: {
          x: { grid: { display: false }, ticks: { color: grey, maxTicksLimit: 7, maxRotation: 0 } },
          y: { beginAtZero: true, grid: { color: `${grey}33` }, ticks: { color: grey, maxTicksLimit: 5 } },
        },
      },
    });
  };

  const refresh = (canvas, history) => {
    const chart = Chart.getChart(canvas);
    chart.data.labels = history.labels;
    chart.data.datasets.forEach((dataset) => (dataset.data = history[dataset.name]));
    chart.update();
  };

  const forEachChart = (change) => {
    const history = read();
    document.querySelectorAll("[data-monitor-chart]").forEach((canvas) => change(canvas, history));
  };

  const showStale = () =>
    document.querySelector("[data-monitor-stale]")?.classList.remove("hidden");

  window.addEventListener("load", () => forEachChart(draw));
  document.addEventListener("htmx:afterSettle", () => forEachChart(refresh));
  document.addEventListener("htmx:responseError", showStale);
  document.addEventListener("htmx:sendError", showStale);
  // Signed out meanwhile: the answer is the login page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 200 && !event.detail.xhr.responseText.includes('id="monitor-now"')) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
})();
