import { ContentModule } from '@alfresco/adf-content-services';
import {
  AuthGuardEcm,
  LoginComponent,
  provideAppConfig,
  provideCoreAuth,
  provideI18N,
} from '@alfresco/adf-core';
import { Component, importProvidersFrom } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
import { provideAnimations } from '@angular/platform-browser/animations';
import { RouterOutlet, provideRouter } from '@angular/router';
import { DocumentsComponent } from './documents.component';

@Component({
  selector: 'app-login',
  imports: [LoginComponent],
  template: `<adf-login successRoute="/" [showLoginActions]="false" />`,
})
class LoginPageComponent {}

@Component({
  selector: 'app-root',
  imports: [RouterOutlet],
  template: `<router-outlet />`,
})
class AppComponent {}

bootstrapApplication(AppComponent, {
  providers: [
    provideAnimations(),
    provideAppConfig(),
    provideCoreAuth(),
    provideI18N({ assets: [['adf-core', 'assets/adf-core']] }),
    provideRouter([
      { path: 'login', component: LoginPageComponent },
      { path: '', component: DocumentsComponent, canActivate: [AuthGuardEcm] },
    ]),
    importProvidersFrom(ContentModule.forRoot()),
  ],
}).catch((error) => console.error(error));
