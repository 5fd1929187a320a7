import { CUSTOM_ELEMENTS_SCHEMA, Component, signal } from '@angular/core';
import type { AlfrescoZipEventMap } from 'alfresco-downloads-client/element';
import 'alfresco-downloads-client/element';

@Component({
  selector: 'app-root',
  schemas: [CUSTOM_ELEMENTS_SCHEMA],
  template: `
    <h1>Documents</h1>
    <form>
      <label> Name <input #name autocomplete="username" (input)="user.set(name.value)" /> </label>
      <label>
        Password
        <input
          #secret
          type="password"
          autocomplete="current-password"
          (input)="password.set(secret.value)"
        />
      </label>
    </form>
    <fieldset>
      <legend>Choose</legend>
      @for (document of documents; track document.id) {
        <label>
          <input #box type="checkbox" (change)="choose(document.id, box.checked)" />
          {{ document.title }}
        </label>
      }
    </fieldset>
    <alfresco-zip
      [nodeIds]="nodeIds()"
      [authorization]="authorization"
      (zip-created)="message.set('')"
      (zip-done)="done($event)"
      (zip-error)="fail($event)"
      >Download what is chosen</alfresco-zip
    >
    <p>{{ message() }}</p>
  `,
})
export class App {
  readonly documents = [
    { title: 'Projects', id: '972a8469-1641-4f82-8b9d-2434e465e150' },
    { title: 'large.bin', id: '4b0dbb41-8d52-48f1-942c-3fe860e7a113' },
    { title: 'of bob only', id: '3139d32c-93cd-49bf-9c94-1cf0dc98d2c1' },
  ];
  readonly user = signal('');
  readonly password = signal('');
  readonly nodeIds = signal<readonly string[]>([]);
  readonly message = signal('');

  readonly authorization = () => `Basic ${btoa(`${this.user()}:${this.password()}`)}`;

  choose(id: string, isChosen: boolean): void {
    this.nodeIds.update((ids) => (isChosen ? [...ids, id] : ids.filter((other) => other !== id)));
  }

  done({ detail }: AlfrescoZipEventMap['zip-done']): void {
    this.message.set(`The page knows: ${detail.entry.filesAdded} files are in the ZIP.`);
  }

  fail({ detail }: AlfrescoZipEventMap['zip-error']): void {
    this.message.set(`The page knows: ${detail.message}`);
  }
}
