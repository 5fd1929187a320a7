import { byId } from './dom.ts';

/** Milliseconds that a screen reader is given for what was said before. */
const PAUSE_MS = 1000;

const waiting: string[] = [];
let isSpeaking = false;

/** Tells those who do not see the page, politely: one thing after the other. */
export function announce(text: string): void {
  // What several downloads say alike is said once.
  if (!waiting.includes(text)) waiting.push(text);
  if (!isSpeaking) speak();
}

function speak(): void {
  const text = waiting.shift();
  isSpeaking = text !== undefined;
  byId('announcer').textContent = text ?? '';
  if (isSpeaking) setTimeout(speak, PAUSE_MS);
}
