/** A date as Alfresco writes it (JacksonHelper.java), with the offset without a colon. @param at milliseconds of the epoch */
export function alfrescoDate(at: number): string {
  return new Date(at).toISOString().replace('Z', '+0000');
}
