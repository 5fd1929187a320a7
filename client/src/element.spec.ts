describe('the element', () => {
  it('can be imported where there is no DOM, as on a server that renders pages', async () => {
    expect(globalThis).not.toHaveProperty('HTMLElement');
    const { AlfrescoZip } = await import('./element.ts');
    expect(AlfrescoZip.observedAttributes).toContain('node-ids');
  });
});
