// A React component that follows one file to its end. No build step: it needs `React` alone.
//   <script type="module"> import { makeDownloadProgress } from "./DownloadProgress.js"
//   const DownloadProgress = makeDownloadProgress(React);
//   root.render(React.createElement(DownloadProgress, { downloadId: "…" }));
// With JSX: <DownloadProgress downloadId="…" onEnd={(download) => …} />

export function makeDownloadProgress(React) {
  const { createElement: h, useEffect, useState } = React;

  function useDownload(downloadId, onEnd) {
    const [download, setDownload] = useState(null);
    const [error, setError] = useState("");

    useEffect(() => {
      let socket = null;
      let timer = 0;
      let since = "";
      let isOver = false;
      let wait = 500;

      function connect() {
        const url = new URL(`/ws/downloads/${downloadId}`, location.href);
        url.protocol = url.protocol.replace("http", "ws");
        if (since) url.searchParams.set("since", since);
        socket = new WebSocket(url);
        socket.onmessage = (event) => {
          const message = JSON.parse(event.data);
          if (message.id) since = message.id;
          if (message.type === "error") setError(message.message);
          if (message.type !== "download_update") return;
          wait = 500;
          setError("");
          setDownload(message.data);
          isOver = ["completed", "failed"].includes(message.data.status);
          if (isOver && onEnd) onEnd(message.data);
        };
        socket.onclose = (event) => {
          if (isOver || (event.code >= 4400 && event.code < 4429)) return;
          timer = setTimeout(connect, wait);
          wait = Math.min(wait * 2, 15000);
        };
      }

      connect();
      return () => {
        isOver = true;
        clearTimeout(timer);
        socket.close();
      };
    }, [downloadId]);

    return { download, error };
  }

  return function DownloadProgress({ downloadId, onEnd }) {
    const { download, error } = useDownload(downloadId, onEnd);
    if (error) return h("p", { className: "error" }, error);
    if (!download) return h("p", null, "Connecting…");
    return h(
      "article",
      { className: `download ${download.status}` },
      h("img", { src: download.thumbnail, alt: "" }),
      h("strong", null, download.title),
      h("progress", { max: 100, value: download.progress }),
      h("span", null, `${download.progress.toFixed(1)} %`),
      download.status === "completed" && h("span", null, `${download.file_path ?? ""} ${download.format ?? ""}`),
      download.status === "failed" && h("span", null, download.error_message),
    );
  };
}
