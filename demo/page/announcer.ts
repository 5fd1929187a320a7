import { byId } from './dom.ts';

/** Milliseconds between two messages, so that a screen reader does not skip the first. */
const PAUSE_MS = 1000;

const waiting: string[] = [];
let isSpeaking = false;

/** Announces a text to users of screen readers, politely: one message after the other. */
export function announce(text: string): void {
  // A message that several downloads share is announced once.
  if (!waiting.includes(text)) waiting.push(text);
  if (!isSpeaking) speak();
}

function speak(): void {
  const text = waiting.shift();
  isSpeaking = text !== undefined;
  byId('announcer').textContent = text ?? '';
  if (isSpeaking) setTimeout(speak, PAUSE_MS);
}
