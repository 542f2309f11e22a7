// Server-sent events out of a fetch response, whatever the chunking of the network.

export async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let data = [];
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += value ?? "";
      // A lone \r at the end may be half of \r\n: it waits for the next piece.
      const lines = rest.split(/\r\n|\n|\r(?=[^])/);
      rest = lines.pop();
      if (done && rest) lines.push(rest.replace(/\r$/, ""), "");
      for (const line of lines) {
        if (line === "") {
          if (data.length) yield data.join("\n");
          data = [];
        } else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
      }
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
