import { Kalman } from './kalman.ts';
import { LinearRegression } from './linear-regression.ts';
import { ProportionalIntegral } from './proportional-integral.ts';
import type { Servo, ServoConfig } from './servo.ts';

export function createServo(config: ServoConfig): Servo {
  switch (config.type ?? 'kalman') {
    case 'pi':
      return new ProportionalIntegral(config);
    case 'linreg':
      return new LinearRegression(config);
    case 'kalman':
      return new Kalman(config);
    case 'none':
      return {
        sample: () => ({ state: 'locked', frequencyPpb: 0, stepNs: 0 }),
        setInterval: () => undefined,
        reset: () => undefined,
        frequencyPpb: 0,
      };
  }
}
