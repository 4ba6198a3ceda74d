// The CDK app: two stacks from one configuration. Run directly (`node infra/app.ts`) it writes the cloud assembly that
// the CDK command line deploys and the embedded stack runs; tests build it with another configuration or output.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { bundleFunctions } from './bundling.ts';
import { config, type SugarbushConfig } from './config.ts';
import { projectRoot } from './project-root.ts';
import { DataStack } from './stacks/data-stack.ts';
import { ServiceStack } from './stacks/service-stack.ts';

export interface AppOptions {
  readonly config?: SugarbushConfig;
  /** Where the cloud assembly goes. Default: what the CDK command line asks for, else cdk.out. */
  readonly outdir?: string;
  /** Where layers/build-onnxruntime.ts put the linux-arm64 layer. */
  readonly onnxruntimeFolder?: string;
  /** Where the functions' entry files are, relative to the repository. Default: functions. */
  readonly functionsFolder?: string;
}

export function buildApp(options: AppOptions = {}): App {
  const app = new App({
    outdir: options.outdir ?? process.env['CDK_OUTDIR'] ?? `${projectRoot}/cdk.out`,
    // Construct paths in the template: the embedded stack names buckets and functions by them. No creation stack
    // traces: they hold this machine's paths.
    postCliContext: {
      'aws:cdk:enable-path-metadata': true,
      'aws:cdk:version-reporting': false,
      'aws:cdk:disable-creation-stack-traces': true,
      'aws:cdk:disable-stack-trace': true,
      // The data bucket cannot go while the service stack uses it.
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
    },
    analyticsReporting: false,
    treeMetadata: false,
  });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const settings = options.config ?? config;
  const data = new DataStack(app, 'SugarbushData', { config: settings, terminationProtection: true });
  // Staged when a function is constructed. In there, so that source maps name sources by the same way from wherever the
  // repository is.
  const bundles = join(app.outdir, 'bundles');
  bundleFunctions(Object.keys(settings.functions), options.functionsFolder ?? 'functions', bundles);
  new ServiceStack(app, 'SugarbushService', {
    config: settings,
    data: data.data,
    onnxruntimeFolder: options.onnxruntimeFolder ?? `${projectRoot}/.build/layers/onnxruntime/linux-arm64`,
    bundles,
  });
  rmSync(bundles, { recursive: true });
  return app;
}

if (import.meta.main) buildApp().synth();
