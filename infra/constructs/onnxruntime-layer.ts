// The layer that carries onnxruntime-node for Lambda's arm64 Linux. Its folder is built before the app is synthesised
// (layers/build-onnxruntime.ts), so that the size budget is enforced in one place and the synth stays offline.
import { RemovalPolicy } from 'aws-cdk-lib';
import type { CfnLayerVersion } from 'aws-cdk-lib/aws-lambda';
import { Architecture, Code, LayerVersion, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

export interface OnnxruntimeLayerProps {
  /** The built folder: the content of /opt. */
  readonly folder: string;
}

export class OnnxruntimeLayer extends Construct {
  readonly version: LayerVersion;

  constructor(scope: Construct, id: string, props: OnnxruntimeLayerProps) {
    super(scope, id);
    this.version = new LayerVersion(this, 'Version', {
      description: 'onnxruntime-node, pruned to linux-arm64',
      code: Code.fromAsset(props.folder),
      compatibleArchitectures: [Architecture.ARM_64],
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      removalPolicy: RemovalPolicy.DESTROY,
    });
    // Tells the embedded stack which layer this is, so that it can use the one built for its own platform.
    (this.version.node.defaultChild as CfnLayerVersion).addMetadata('sugarbush:layer', 'onnxruntime');
  }
}
