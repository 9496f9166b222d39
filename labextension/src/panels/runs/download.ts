// All runs that fit, as a file in the browser's downloads: whoever holds them gives it piece by piece, over whatever
// carries the panel's other questions.

import type { FilePiece, RunsCallbacks } from './frame';

/** Fetch the file and hand it to the browser; `progress` is told the share that is here, from 0 to 1. */
export async function download(suffix: string, file: RunsCallbacks['file'], progress: (share: number) => void): Promise<void> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let piece: FilePiece;
  let offset: number | null = 0;
  do {
    piece = await file({ suffix, offset });
    pieces.push(bytesOf(piece.data));
    offset = piece.next_offset;
    progress(piece.n_bytes ? (offset ?? piece.n_bytes) / piece.n_bytes : 1);
  } while (offset !== null);
  const url = URL.createObjectURL(new Blob(pieces, { type: piece.content_type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = piece.name;
  link.click();
  // The browser takes it over in its own time.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) {
    bytes[index] = text.charCodeAt(index);
  }
  return bytes;
}
