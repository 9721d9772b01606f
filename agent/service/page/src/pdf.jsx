import { GlobalWorkerOptions, TextLayer, getDocument } from "pdfjs-dist";
import { useEffect, useRef, useState } from "preact/hooks";
import { headers, path } from "./api.js";

GlobalWorkerOptions.workerSrc = "/ui/pdf.worker.min.mjs";

/** One page of a PDF at a time, with boxes over the lines that hold the quoted words. */
export function PdfPages({ collection, document: key, passage, quotes, onFail }) {
  const [pdf, setPdf] = useState(null);
  const [number, setNumber] = useState(begins(passage, quotes));
  useEffect(() => {
    const loading = getDocument({
      url: path("collections", collection, "originals", key),
      httpHeaders: headers(),
      wasmUrl: "/ui/wasm/",
      enableXfa: false,
      isEvalSupported: false,
    });
    loading.promise.then(setPdf, (error) => error.name === "AbortException" || onFail(`The PDF cannot be shown (${error.message}).`));
    return () => loading.destroy();
  }, [collection, key]);
  useEffect(() => setNumber(begins(passage, quotes)), [passage.id, quotes]);
  if (!pdf) return <p class="note">Opening…</p>;
  return (
    <div class="pdf">
      <div class="pager">
        <button type="button" class="quiet" disabled={number <= 1} onClick={() => setNumber(number - 1)} aria-label="Previous page">
          ←
        </button>
        <span>
          Page {number} of {pdf.numPages}
        </span>
        <button type="button" class="quiet" disabled={number >= pdf.numPages} onClick={() => setNumber(number + 1)} aria-label="Next page">
          →
        </button>
      </div>
      <PdfPage key={number} pdf={pdf} number={number} boxes={boxes(passage, quotes).filter((line) => line.page === number)} onFail={onFail} />
    </div>
  );
}

/** The lines that hold quoted words, those of the whole passage where none is quoted. */
function boxes(passage, quotes) {
  const lines = passage.lines ?? [];
  const wanted = quotes.filter(() => passage.start != null).map((one) => [one.start - passage.start, one.end - passage.start]);
  const quoted = lines.filter((line) => wanted.some(([start, end]) => line.start < end && line.end > start));
  return quoted.length ? quoted : lines;
}

/** The page that the quoted words begin on: a passage may go over several. */
function begins(passage, quotes) {
  return boxes(passage, quotes)[0]?.page || passage.page || 1;
}

function PdfPage({ pdf, number, boxes, onFail }) {
  const frame = useRef();
  const canvas = useRef();
  const text = useRef();
  const [size, setSize] = useState(null);
  useEffect(() => {
    let left = false;
    let drawing;
    const show = async () => {
      const page = await pdf.getPage(number);
      const wide = page.getViewport({ scale: 1 }).width;
      const scale = frame.current.clientWidth / wide;
      const viewport = page.getViewport({ scale });
      if (left) return;
      const sharp = Math.min(2, devicePixelRatio || 1);
      Object.assign(canvas.current, { width: Math.floor(viewport.width * sharp), height: Math.floor(viewport.height * sharp) });
      setSize({ width: viewport.width, height: viewport.height, scale });
      drawing = page.render({ canvas: canvas.current, viewport, transform: sharp === 1 ? null : [sharp, 0, 0, sharp, 0, 0] });
      await drawing.promise;
      if (left) return;
      text.current.replaceChildren();
      await new TextLayer({ textContentSource: page.streamTextContent(), container: text.current, viewport }).render();
      if (!left) frame.current.dataset.ready = number;
    };
    show().catch((error) => left || error.name === "RenderingCancelledException" || onFail(`The page cannot be shown (${error.message}).`));
    return () => {
      left = true;
      drawing?.cancel();
    };
  }, [pdf, number]);
  useEffect(() => {
    frame.current.querySelector(".box")?.scrollIntoView({ block: "center" });
  }, [size, boxes.length]);
  const placed = size && { width: `${size.width}px`, height: `${size.height}px`, "--scale-factor": size.scale, "--total-scale-factor": size.scale };
  return (
    <div class="pdf-frame" ref={frame}>
      <div class="pdf-page" style={placed ?? {}}>
        <canvas ref={canvas} aria-hidden="true" style={placed ? { width: placed.width, height: placed.height } : {}} />
        {size
          ? boxes.map((one, place) => (
              <i
                key={place}
                class="box"
                style={{
                  left: `${one.x0 * size.scale - 2}px`,
                  top: `${one.y0 * size.scale - 1}px`,
                  width: `${(one.x1 - one.x0) * size.scale + 4}px`,
                  height: `${(one.y1 - one.y0) * size.scale + 2}px`,
                }}
              />
            ))
          : null}
        <div class="textLayer" ref={text} tabIndex={0} role="region" aria-label={`Text of page ${number}`} />
      </div>
    </div>
  );
}
